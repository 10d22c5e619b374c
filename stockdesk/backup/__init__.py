"""Backup of the desk's tables into one file, and the way back.

`files` names the files and throws old ones away, `writing` makes one, `manifest` reads and checks one, `restoring`
puts one into a database. The file is what mariadb-dump writes, compressed, with a manifest as its last line: it can
be read back by hand as well (``zcat FILE | mariadb DATABASE``).
"""
