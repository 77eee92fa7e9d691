/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* What we accept from an image before we call it damaged. Each limit is far above what real systems
 * have and far below what would hurt the host we run in. */

#pragma once

#include <glib.h>

/* Ranges of physical memory in one container. QEMU's paging ELF of a guest with an espfix area has
 * 65,950 program headers (observed: tests/vm images); kdump of a fragmented terabyte stays below
 * this. */
#define P2V_LIMIT_RANGES ((guint64) 4 << 20)

/* Pages that a kdump has bitmaps for: 16 TiB of 4 KiB pages, of which the bitmap is 512 MiB. */
#define P2V_LIMIT_KDUMP_FRAMES ((guint64) 1 << 32)

/* Bytes of all notes of one ELF file; real ones are some kilobytes a processor. */
#define P2V_LIMIT_NOTES_BYTES ((guint64) 64 << 20)

/* Physical addresses have at most 52 bits. Source: Intel SDM 3A 4.1.4 (MAXPHYADDR); Arm ARM D8
 * (LPA2). */
#define P2V_LIMIT_PHYS_BITS 52

/* Processes and threads. Source: Linux PID_MAX_LIMIT is 4 Mi (include/linux/threads.h). */
#define P2V_LIMIT_TASKS ((guint) 4 << 20)

/* Regions of one address space. Linux default vm.max_map_count is 65,530, but may be raised. */
#define P2V_LIMIT_REGIONS ((guint) 4 << 20)

/* Bytes of a process's name and of a file's path. Source: Linux TASK_COMM_LEN 16, PATH_MAX 4096. */
#define P2V_LIMIT_PATH_BYTES 4096

/* Bytes of the path of an open file as it is found by climbing, which may be longer than what a
 * system call takes, and directories in it. */
#define P2V_LIMIT_DEEP_PATH_BYTES 65536
#define P2V_LIMIT_DEEP_PATH_STEPS 32768

/* Symbols in a kernel's symbol table; Debian 6.12 has 163,205. */
#define P2V_LIMIT_SYMBOLS ((guint) 4 << 20)

/* Bytes of all their names together; Debian 6.12 has 3.9 MB. */
#define P2V_LIMIT_SYMBOL_NAME_BYTES ((guint) 128 << 20)

/* Bytes of a kernel's type information; Debian 6.12 has 4.9 MB. */
#define P2V_LIMIT_BTF_BYTES ((guint64) 256 << 20)

/* Bytes of a file of a kernel's symbols, decompressed. Volatility's for Debian 6.1 has 40 MB; a
 * vmlinux with DWARF is larger but not read as a whole. */
#define P2V_LIMIT_SYMBOL_FILE_BYTES ((guint64) 2 << 30)
