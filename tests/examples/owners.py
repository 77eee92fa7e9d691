#!/usr/bin/python3
# SPDX-License-Identifier: LGPL-2.1-or-later
# Copyright 2026 The pas2vas authors
"""Whose is this byte? owners.py IMAGE PHYSICAL_ADDRESS prints a line for each owner."""

import sys

import gi

gi.require_version('Pas2vas', '1')
from gi.repository import Pas2vas


def main(path, address):
    session = Pas2vas.Session.new()
    session.open(path, None)
    session.find_system(None)
    session.build_index(None)
    answer = session.lookup(address, None)
    for position in range(answer.get_n_rows()):
        row = answer.get_row(position)
        session.describe(row)
        print(f'{row.process.get_name()} ({row.process.get_pid()})  {row.va:#x}  '
              f'{Pas2vas.rights_to_string(row.rights)}  {row.dup_region_text()}')
    if answer.get_n_rows() == 0:
        print(session.describe_frame(address).detail)


main(sys.argv[1], int(sys.argv[2], 0))
