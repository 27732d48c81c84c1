"""Hours of steady work on a mesh, watched. `python -m scripts.soak`"""
