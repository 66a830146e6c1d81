"""What to distrust in a fit: separation, influence, calibration,
assumptions, causes left out, cases not seen.
"""
