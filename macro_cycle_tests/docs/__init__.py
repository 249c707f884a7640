"""Do the documents say what is so?"""
