"""Conversion of bodies from bytes to text that can be masked.

In reading order: `compression` decodes content encodings, `charsets` decodes text that is not
UTF-8, and `body_text` detects UTF-8. `multipart` and `forms` split bodies into parts and pairs,
`binary` reads the names in binary bodies, and `archives` reads the members of archives.
"""
