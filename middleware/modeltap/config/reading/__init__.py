"""Reading of options from outside the program.

- `settings_file`: a TOML file, named or in the working directory
- `environment_variables`: variables such as ``MODELTAP_SAMPLE_RATE``
- `value_types`: conversion to types, and the errors about it
- `structured_options`: options whose values are tables, into their types
"""
