"""What can be asked of the program, one tool from outside a file: each has run(program, chosen), which prints what it
saw and says whether nothing was found."""
