"""The formats of lines that are recognised beside JSON and logfmt: each a regular expression with named parts."""
