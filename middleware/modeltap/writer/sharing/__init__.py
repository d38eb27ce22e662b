"""Memory that the app shares with its writer process.

`shared_memory` creates it, and a `ring_buffer` in it carries bytes from one process to the other.
"""
