"""Bodies: from bytes to text that can be masked.

In reading order: `compression` undoes content encodings, `charsets` finds the text in other
encodings than UTF-8, `body_text` tells UTF-8 from anything else. `multipart` and `forms` are masked
part by part; of `binary` bodies the names are read, and `archives` are searched.
"""
