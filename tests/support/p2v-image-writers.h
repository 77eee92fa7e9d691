/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Writes a described machine as a memory image in every container. Made from the specifications and
 * independent of the readers: no constant or line is shared with core/image, so that a misreading
 * there shows. */

#pragma once

#include <glib.h>

/* A run of physical memory; what no run covers does not exist. */
typedef struct
{
  guint64       pa;
  const guint8 *bytes;
  gsize         length;
} P2vTestMemory;

typedef struct
{
  const P2vTestMemory *memory;
  gsize                n_memory;
  const guint64       *roots;      /* CR3 of each processor, for containers with notes */
  gsize                n_roots;
  const char          *vmcoreinfo; /* may be NULL */
  guint n_aliases; /* P2V_TEST_ELF64_PAGING: how often each run is named; 0 means 3 */
} P2vTestMachine;

typedef enum
{
  P2V_TEST_RAW,          /* byte n is physical byte n; holes are zeros */
  P2V_TEST_ELF64,        /* QEMU, paging=off */
  P2V_TEST_ELF32,        /* the same for a 32-bit guest: nothing at or above 4 GiB */
  P2V_TEST_ELF64_XNUM,   /* the number of program headers in section header 0 */
  P2V_TEST_ELF64_PAGING, /* QEMU, paging=on: every run under several virtual addresses, also in
                            parts */
  P2V_TEST_VBOX,         /* VirtualBox: its notes, device memory without bytes */
  P2V_TEST_LIME,
  P2V_TEST_DUMP32,        /* Windows crash dumps, which hold whole pages: full, 32 bit */
  P2V_TEST_DUMP64,        /* full, 64 bit */
  P2V_TEST_DUMP64_BITMAP, /* 64 bit, with a bitmap */
  P2V_TEST_VMWARE,        /* a state file that holds the memory, at most 16 runs of whole pages */
  P2V_TEST_KDUMP,         /* compressed, all packings in turns; whole pages below 64 GiB */
  P2V_TEST_KDUMP_FLAT,    /* flattened, with a header of a 32-bit machine */
  P2V_TEST_N_CONTAINERS,
} P2vTestContainer;

/* "raw", "elf64", ...: for file names and messages. */
const char *p2v_test_container_name (P2vTestContainer      container);
/* (transfer full): the file's bytes. A flat image must end below 1 GiB; p2v_test_save() has no such
 * limit. */
GByteArray *p2v_test_write          (P2vTestContainer      container,
                                     const P2vTestMachine *machine);
/* Writes the file; holes of a flat image take no room on the disk. FALSE if the system refuses. */
gboolean    p2v_test_save           (P2vTestContainer      container,
                                     const P2vTestMachine *machine,
                                     const char           *path);

/* Little-endian numbers at the end, or over bytes that are there: for tests that break a field. */
void        p2v_test_append         (GByteArray           *bytes,
                                     guint                 width_bytes,
                                     guint64               value);
void        p2v_test_put            (GByteArray           *bytes,
                                     gsize                 offset,
                                     guint                 width_bytes,
                                     guint64               value);
/* One LiME record; @last is inclusive and need not fit @length. */
void        p2v_test_append_lime    (GByteArray           *bytes,
                                     guint64               first,
                                     guint64               last,
                                     const guint8         *memory,
                                     gsize                 length);
/* One ELF note; @name is written with its NUL if @count_nul. */
void        p2v_test_append_note    (GByteArray           *notes,
                                     const char           *name,
                                     gboolean              count_nul,
                                     guint32               type,
                                     const guint8         *description,
                                     gsize                 length);

/* A program header as a test wants it. */
typedef struct
{
  guint32 type;
  guint64 offset;
  guint64 va;
  guint64 pa;
  guint64 filesz;
  guint64 memsz;
  guint64 align;
} P2vTestSegment;

/* (transfer full): ELF header, section header 0 if @xnum, then the program headers, whose offsets
 * are written as they are; the caller appends the bytes they mean. p2v_test_elf_headers_length()
 * says where that is. */
GByteArray *p2v_test_elf_headers        (gboolean              is_64,
                                         gboolean              xnum,
                                         const P2vTestSegment *segments,
                                         gsize                 n_segments);
gsize       p2v_test_elf_headers_length (gboolean              is_64,
                                         gboolean              xnum,
                                         gsize                 n_segments);

/* (transfer full): a Windows crash dump of this type: 1 (full), 5 or 6 (bitmap), 8, 9 or 10
 * (ranges, which cannot name page 0). */
GByteArray *p2v_test_write_crash_dump  (gboolean              is_64,
                                        guint                 type,
                                        const P2vTestMachine *machine);
/* (transfer full): its header alone, without runs. */
GByteArray *p2v_test_crash_dump_header (gboolean              is_64,
                                        guint                 type,
                                        guint64               root);
/* (transfer full): for P2V_TEST_VMWARE; p2v-vmware-writer.h writes others. */
GByteArray *p2v_test_write_vmware_state (const P2vTestMachine *machine);
