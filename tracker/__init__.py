"""Did this skin measurably change, by how much, and how sure are we?"""
