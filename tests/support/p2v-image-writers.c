/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-image-writers.h"

#include "p2v-kdump-writer.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

const char *
p2v_test_container_name (P2vTestContainer container)
{
  static const char *const names[P2V_TEST_N_CONTAINERS] = {
    [P2V_TEST_RAW] = "raw",
    [P2V_TEST_ELF64] = "elf64",
    [P2V_TEST_ELF32] = "elf32",
    [P2V_TEST_ELF64_XNUM] = "elf64-xnum",
    [P2V_TEST_ELF64_PAGING] = "elf64-paging",
    [P2V_TEST_VBOX] = "vbox",
    [P2V_TEST_LIME] = "lime",
    [P2V_TEST_DUMP32] = "dump32",
    [P2V_TEST_DUMP64] = "dump64",
    [P2V_TEST_DUMP64_BITMAP] = "dump64-bitmap",
    [P2V_TEST_VMWARE] = "vmware",
    [P2V_TEST_KDUMP] = "kdump",
    [P2V_TEST_KDUMP_FLAT] = "kdump-flat",
  };
  return names[container];
}

void
p2v_test_append (GByteArray *bytes,
                 guint       width_bytes,
                 guint64     value)
{
  for (guint i = 0; i < width_bytes; i++)
    {
      guint8 byte = (guint8) (value >> (8 * i));
      g_byte_array_append (bytes, &byte, 1);
    }
}

void
p2v_test_put (GByteArray *bytes,
              gsize       offset,
              guint       width_bytes,
              guint64     value)
{
  g_assert (offset + width_bytes <= bytes->len);
  for (guint i = 0; i < width_bytes; i++)
    bytes->data[offset + i] = (guint8) (value >> (8 * i));
}

static void
append_zeros (GByteArray *bytes,
              gsize       n)
{
  guint at = bytes->len;
  g_byte_array_set_size (bytes, (guint) (at + n));
  memset (bytes->data + at, 0, n);
}

static void
pad (GByteArray *bytes,
     gsize       alignment)
{
  append_zeros (bytes, (alignment - bytes->len % alignment) % alignment);
}

static void
append_bytes (GByteArray   *bytes,
              const guint8 *more,
              gsize         length)
{
  if (length > 0)
    g_byte_array_append (bytes, more, (guint) length);
}

static GByteArray *
write_raw (const P2vTestMachine *machine)
{
  GByteArray *bytes = g_byte_array_new ();
  for (gsize i = 0; i < machine->n_memory; i++)
    {
      const P2vTestMemory *memory = &machine->memory[i];
      guint64 end = memory->pa + memory->length;
      g_assert (end <= 1 << 30);
      if (end > bytes->len)
        append_zeros (bytes, end - bytes->len);
      memcpy (bytes->data + memory->pa, memory->bytes, memory->length);
    }
  return bytes;
}

/* LiME's README, "Memory dump format": magic, version, first and last address, eight bytes
 * reserved. */
void
p2v_test_append_lime (GByteArray   *bytes,
                      guint64       first,
                      guint64       last,
                      const guint8 *memory,
                      gsize         length)
{
  append_bytes (bytes, (const guint8 *) "EMiL", 4);
  p2v_test_append (bytes, 4, 1);
  p2v_test_append (bytes, 8, first);
  p2v_test_append (bytes, 8, last);
  p2v_test_append (bytes, 8, 0);
  append_bytes (bytes, memory, length);
}

static GByteArray *
write_lime (const P2vTestMachine *machine)
{
  GByteArray *bytes = g_byte_array_new ();
  for (gsize i = 0; i < machine->n_memory; i++)
    {
      const P2vTestMemory *memory = &machine->memory[i];
      p2v_test_append_lime (bytes, memory->pa, memory->pa + memory->length - 1, memory->bytes,
                            memory->length);
    }
  return bytes;
}

/* System V ABI, "Note Section": three words, name and description each padded to 4 bytes. */
void
p2v_test_append_note (GByteArray   *notes,
                      const char   *name,
                      gboolean      count_nul,
                      guint32       type,
                      const guint8 *description,
                      gsize         length)
{
  p2v_test_append (notes, 4, strlen (name) + (count_nul ? 1 : 0));
  p2v_test_append (notes, 4, length);
  p2v_test_append (notes, 4, type);
  append_bytes (notes, (const guint8 *) name, strlen (name) + 1);
  pad (notes, 4);
  append_bytes (notes, description, length);
  pad (notes, 4);
}

/* elf(5): Elf64_Shdr and Elf32_Shdr differ in the width of four fields in the middle. */
static void
append_section_header (GByteArray *bytes,
                       gboolean    is_64,
                       guint64     info)
{
  guint wide = is_64 ? 8 : 4;
  p2v_test_append (bytes, 4, 0);
  p2v_test_append (bytes, 4, 0);
  for (int i = 0; i < 4; i++)
    p2v_test_append (bytes, wide, 0);
  p2v_test_append (bytes, 4, 0);
  p2v_test_append (bytes, 4, info);
  p2v_test_append (bytes, wide, 0);
  p2v_test_append (bytes, wide, 0);
}

/* elf(5): the flags are the second field of a 64-bit header and the last but one of a 32-bit one.
 */
static void
append_segment (GByteArray           *bytes,
                gboolean              is_64,
                const P2vTestSegment *segment)
{
  guint wide = is_64 ? 8 : 4;
  p2v_test_append (bytes, 4, segment->type);
  if (is_64)
    p2v_test_append (bytes, 4, 4);
  p2v_test_append (bytes, wide, segment->offset);
  p2v_test_append (bytes, wide, segment->va);
  p2v_test_append (bytes, wide, segment->pa);
  p2v_test_append (bytes, wide, segment->filesz);
  p2v_test_append (bytes, wide, segment->memsz);
  if (!is_64)
    p2v_test_append (bytes, 4, 4);
  p2v_test_append (bytes, wide, segment->align);
}

gsize
p2v_test_elf_headers_length (gboolean is_64,
                             gboolean xnum,
                             gsize    n_segments)
{
  return is_64 ? 64 + (xnum ? 64 : 0) + 56 * n_segments : 52 + (xnum ? 40 : 0) + 32 * n_segments;
}

/* elf(5): Elf64_Ehdr, Elf32_Ehdr; e_phnum 0xffff means that sh_info of section 0 has the number. */
GByteArray *
p2v_test_elf_headers (gboolean              is_64,
                      gboolean              xnum,
                      const P2vTestSegment *segments,
                      gsize                 n_segments)
{
  GByteArray *bytes = g_byte_array_new ();
  guint wide = is_64 ? 8 : 4;
  guint header = is_64 ? 64 : 52, section = is_64 ? 64 : 40;
  const guint8 ident[16] = { 0x7f, 'E', 'L', 'F', is_64 ? 2 : 1, 1, 1 };

  append_bytes (bytes, ident, sizeof ident);
  p2v_test_append (bytes, 2, 4);
  p2v_test_append (bytes, 2, is_64 ? 62 : 3);
  p2v_test_append (bytes, 4, 1);
  p2v_test_append (bytes, wide, 0);
  p2v_test_append (bytes, wide, xnum ? header + section : header);
  p2v_test_append (bytes, wide, xnum ? header : 0);
  p2v_test_append (bytes, 4, 0);
  p2v_test_append (bytes, 2, header);
  p2v_test_append (bytes, 2, is_64 ? 56 : 32);
  p2v_test_append (bytes, 2, xnum ? 0xffff : n_segments);
  p2v_test_append (bytes, 2, xnum ? section : 0);
  p2v_test_append (bytes, 2, xnum ? 1 : 0);
  p2v_test_append (bytes, 2, 0);
  if (xnum)
    append_section_header (bytes, is_64, n_segments);
  for (gsize i = 0; i < n_segments; i++)
    append_segment (bytes, is_64, &segments[i]);
  g_assert (bytes->len == p2v_test_elf_headers_length (is_64, xnum, n_segments));
  return bytes;
}

/* QEMU, target/i386/arch_dump.c: QEMUCPUState is 0x1b8 bytes; its control registers follow 18
 * registers of 8 and 10 segments of 24 bytes behind two words. */
static GByteArray *
make_qemu_notes (const P2vTestMachine *machine)
{
  GByteArray *notes = g_byte_array_new ();
  const guint8 prstatus[0x150] = { 0 };

  for (gsize i = 0; i < machine->n_roots; i++)
    p2v_test_append_note (notes, "CORE", TRUE, 1, prstatus, sizeof prstatus);
  for (gsize i = 0; i < machine->n_roots; i++)
    {
      g_autoptr (GByteArray) state = g_byte_array_new ();
      p2v_test_append (state, 4, 1);
      p2v_test_append (state, 4, 0x1b8);
      append_zeros (state, 18 * 8 + 10 * 24 + 3 * 8);
      p2v_test_append (state, 8, machine->roots[i]);
      append_zeros (state, 2 * 8);
      p2v_test_append_note (notes, "QEMU", TRUE, 0, state->data, state->len);
    }
  if (machine->vmcoreinfo != NULL)
    p2v_test_append_note (notes, "VMCOREINFO", TRUE, 0, (const guint8 *) machine->vmcoreinfo,
                          strlen (machine->vmcoreinfo));
  return notes;
}

/* VirtualBox, dbgfcorefmt.h: DBGFCOREDESCRIPTOR; DBGFCORECPU has 18 registers of 8 and 6 selectors
 * of 24 bytes before cr0, cr2, cr3. The notes' names are counted without their NUL
 * (DBGFCoreWrite.cpp). */
static GByteArray *
make_vbox_notes (const P2vTestMachine *machine)
{
  GByteArray *notes = g_byte_array_new ();
  g_autoptr (GByteArray) descriptor = g_byte_array_new ();
  p2v_test_append (descriptor, 4, 0xc01ac0de);
  p2v_test_append (descriptor, 4, 0x00010006);
  p2v_test_append (descriptor, 4, 24);
  p2v_test_append (descriptor, 4, 7 << 24);
  p2v_test_append (descriptor, 4, 160000);
  p2v_test_append (descriptor, 4, machine->n_roots);
  p2v_test_append_note (notes, "VBCORE", FALSE, 0xb00, descriptor->data, descriptor->len);

  for (gsize i = 0; i < machine->n_roots; i++)
    {
      g_autoptr (GByteArray) cpu = g_byte_array_new ();
      append_zeros (cpu, 18 * 8 + 6 * 24 + 2 * 8);
      p2v_test_append (cpu, 8, machine->roots[i]);
      append_zeros (cpu, 0x300);
      p2v_test_append_note (notes, "VBCPU", FALSE, 0xb01, cpu->data, cpu->len);
    }
  return notes;
}

/* The segments of a container, with offsets relative to the first byte of memory. */
static GArray *
plan_segments (P2vTestContainer      container,
               const P2vTestMachine *machine)
{
  GArray *segments = g_array_new (FALSE, FALSE, sizeof (P2vTestSegment));
  guint n_aliases = container != P2V_TEST_ELF64_PAGING ? 1
                    : machine->n_aliases > 0           ? machine->n_aliases
                                                       : 3;
  for (guint alias = 0; alias < n_aliases; alias++)
    {
      guint64 offset = 0;
      for (gsize i = 0; i < machine->n_memory; i++)
        {
          const P2vTestMemory *memory = &machine->memory[i];
          /* The aliases behind the first begin one page later each, as fragments of a real address
           * space do. */
          guint64 skip = MIN (memory->length - 1, (guint64) alias * 0x1000) & ~(guint64) 0xfff;
          P2vTestSegment segment = { 1, offset + skip, 0, memory->pa + skip, memory->length - skip,
                                     memory->length - skip, 0 };
          if (container == P2V_TEST_ELF64_PAGING)
            segment.va = 0xffff888000000000 + ((guint64) alias << 40) + segment.pa;
          g_array_append_val (segments, segment);
          offset += memory->length;
        }
    }
  if (container == P2V_TEST_VBOX)
    {
      P2vTestSegment device = { 1, 0, 0, 0xfee00000, 0, 0x1000, 0 };
      g_array_insert_val (segments, MIN (1, segments->len), device);
    }
  return segments;
}

static GByteArray *
write_elf (P2vTestContainer      container,
           const P2vTestMachine *machine)
{
  g_autoptr (GByteArray) notes
      = container == P2V_TEST_VBOX ? make_vbox_notes (machine) : make_qemu_notes (machine);
  g_autoptr (GArray) segments = plan_segments (container, machine);
  gboolean is_64 = container != P2V_TEST_ELF32;
  gboolean xnum = container == P2V_TEST_ELF64_XNUM || segments->len + 1 >= 0xffff;
  gsize headers = p2v_test_elf_headers_length (is_64, xnum, segments->len + 1);
  gsize first_byte = headers + notes->len;

  for (guint i = 0; i < segments->len; i++)
    g_array_index (segments, P2vTestSegment, i).offset += first_byte;
  P2vTestSegment note = { 4, headers, 0, 0, notes->len, notes->len, 0 };
  g_array_prepend_val (segments, note);

  GByteArray *bytes = p2v_test_elf_headers (is_64, xnum, (P2vTestSegment *) (void *) segments->data,
                                            segments->len);
  append_bytes (bytes, notes->data, notes->len);
  for (gsize i = 0; i < machine->n_memory; i++)
    {
      g_assert (is_64 || machine->memory[i].pa + machine->memory[i].length <= (guint64) 1 << 32);
      append_bytes (bytes, machine->memory[i].bytes, machine->memory[i].length);
    }
  return bytes;
}

/* Without the packings that not every build can read. */
static GByteArray *
write_kdump (const P2vTestMachine *machine,
             gboolean              is_flat)
{
  P2vTestKdump form = { .is_32 = is_flat,
                        .version = 6,
                        .packings = P2V_TEST_PACKED_ZLIB | P2V_TEST_PACKED_LZO };
  GByteArray *bytes = p2v_test_write_kdump (&form, machine);

  if (!is_flat)
    return bytes;
  GByteArray *flat = p2v_test_flatten_kdump (bytes, 5000, TRUE);
  g_byte_array_unref (bytes);
  return flat;
}

GByteArray *
p2v_test_write (P2vTestContainer      container,
                const P2vTestMachine *machine)
{
  if (container == P2V_TEST_RAW)
    return write_raw (machine);
  if (container == P2V_TEST_LIME)
    return write_lime (machine);
  if (container == P2V_TEST_DUMP32 || container == P2V_TEST_DUMP64)
    return p2v_test_write_crash_dump (container == P2V_TEST_DUMP64, 1, machine);
  if (container == P2V_TEST_DUMP64_BITMAP)
    return p2v_test_write_crash_dump (TRUE, 5, machine);
  if (container == P2V_TEST_VMWARE)
    return p2v_test_write_vmware_state (machine);
  if (container == P2V_TEST_KDUMP || container == P2V_TEST_KDUMP_FLAT)
    return write_kdump (machine, container == P2V_TEST_KDUMP_FLAT);
  return write_elf (container, machine);
}

static gboolean
save_at (int           fd,
         const guint8 *bytes,
         gsize         length,
         guint64       offset)
{
  while (length > 0)
    {
      ssize_t n = pwrite (fd, bytes, length, (off_t) offset);
      if (n <= 0)
        return FALSE;
      bytes += n;
      offset += (guint64) n;
      length -= (gsize) n;
    }
  return TRUE;
}

gboolean
p2v_test_save (P2vTestContainer      container,
               const P2vTestMachine *machine,
               const char           *path)
{
  int fd = open (path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (fd < 0)
    return FALSE;

  gboolean ok = TRUE;
  if (container == P2V_TEST_RAW)
    for (gsize i = 0; i < machine->n_memory && ok; i++)
      ok = save_at (fd, machine->memory[i].bytes, machine->memory[i].length, machine->memory[i].pa);
  else
    {
      g_autoptr (GByteArray) bytes = p2v_test_write (container, machine);
      ok = save_at (fd, bytes->data, bytes->len, 0);
    }
  return close (fd) == 0 && ok;
}
