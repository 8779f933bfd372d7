"""Making a bundle: compiling commands, assembling images, adding charts, verifying and copying."""
