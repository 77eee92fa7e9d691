/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* The memory of VMware machines. A .vmem file is memory without any header: the runs of physical
 * memory one behind the other, without the hole below 4 GiB where devices are. Which runs there are
 * is said by the state file beside it, .vmss or .vmsn. A state file may also hold the memory
 * itself. */

#include "config.h"

#include "image/p2v-image-private.h"
#include "image/p2v-vmware-state.h"

#include "base/p2v-reader.h"
#include "base/p2v-text.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>
#include <string.h>

/* Where a machine's memory stops for its devices, if it has so much, and where it goes on. Source:
 * regionPPN and regionSize of the state files of machines with more than 3 GiB, as LeechCore and
 * Volatility 3 describe them; other machines may differ, so this is only assumed without one. */
#define HOLE_START ((guint64) 0xc0000000)
#define HOLE_END   ((guint64) 0x100000000)

/* How much of the file behind the hole is searched for page tables that know their own address. */
#define CALIBRATION_BYTES ((guint64) 1 << 30)
#define CALIBRATION_PIECE ((gsize) 1 << 20)
/* So many of them settle it. */
#define ENOUGH_VOTES 8

static const char *const state_endings[] = { ".vmss", ".vmsn" };

static guint
bid_vmem (const P2vImageHead *head)
{
  /* One bit more than the flat format, which it is but for the hole. */
  return g_str_has_suffix (head->path, ".vmem") ? 2 : 0;
}

static void
add_range (P2vImageBuilder *builder,
           P2vPhysAddr      start_pa,
           guint64          length_bytes,
           guint64          file_offset)
{
  P2vImageRange range = { start_pa, length_bytes, file_offset };

  if (length_bytes > 0)
    g_array_append_val (builder->ranges, range);
}

/* The runs that a state file names, of @memory_bytes that begin at @file_offset. */
static void
add_regions (P2vImageBuilder      *builder,
             const P2vVmwareState *state,
             guint64               file_offset,
             guint64               memory_bytes)
{
  for (guint i = 0; i < state->n_regions; i++)
    {
      const P2vVmwareRegion *region = &state->regions[i];
      add_range (builder, (P2vPhysAddr) region->first_page << P2V_FRAME_SHIFT,
                 (guint64) region->n_pages << P2V_FRAME_SHIFT,
                 file_offset + ((guint64) region->file_page << P2V_FRAME_SHIFT));
    }
  if (state->n_regions == 0)
    add_range (builder, 0, memory_bytes, file_offset);
}

/* (transfer full) (nullable): the state file that belongs to @vmem_path. */
static char *
find_state_path (const char *vmem_path)
{
  g_autofree char *stem = g_strndup (vmem_path, strlen (vmem_path) - strlen (".vmem"));

  for (gsize i = 0; i < G_N_ELEMENTS (state_endings); i++)
    {
      g_autofree char *path = g_strconcat (stem, state_endings[i], NULL);
      if (g_file_test (path, G_FILE_TEST_IS_REGULAR))
        return g_steal_pointer (&path);
    }
  return NULL;
}

/* Windows keeps in each root of its page tables an entry that leads to the root itself: it says
 * what physical address the page has that stands at @page_offset of the file. Returns by how much
 * that is more, or G_MAXUINT64 if the page has no such entry. Source: Intel SDM 3A table 4-15;
 * the kernel's half are entries 256 to 511. */
static guint64
find_self_reference (const guint8 *page,
                     guint64       page_offset)
{
  static const guint64 shifts[] = { 0, HOLE_END - HOLE_START };
  P2vReader reader = p2v_reader_le (page, P2V_FRAME_SIZE);

  for (guint slot = 256; slot < 512; slot++)
    {
      guint64 entry = 0;
      if (!p2v_reader_get_u64 (&reader, slot * 8, &entry) || (entry & 3) != 3)
        continue;
      for (gsize i = 0; i < G_N_ELEMENTS (shifts); i++)
        if ((entry & 0x000ffffffffff000) == page_offset + shifts[i])
          return shifts[i];
    }
  return G_MAXUINT64;
}

/* Whether page tables behind 3 GiB speak for the file being flat, without a hole. */
static gboolean
is_flat (P2vImageBuilder  *builder,
         GCancellable     *cancellable,
         gboolean         *ret_flat,
         GError          **error)
{
  guint64 end = MIN (p2v_file_get_size (builder->file), HOLE_START + CALIBRATION_BYTES);
  g_autofree guint8 *piece = g_malloc (CALIBRATION_PIECE);
  guint n_flat = 0, n_shifted = 0;

  for (guint64 offset = HOLE_START; end - offset >= P2V_FRAME_SIZE; offset += CALIBRATION_PIECE)
    {
      gsize length = (gsize) MIN (end - offset, CALIBRATION_PIECE);
      if (g_cancellable_set_error_if_cancelled (cancellable, error) ||
          !p2v_file_read (builder->file, offset, piece, length, error))
        return FALSE;
      for (gsize at = 0; at + P2V_FRAME_SIZE <= length; at += P2V_FRAME_SIZE)
        {
          guint64 shift = find_self_reference (piece + at, offset + at);
          n_flat += shift == 0;
          n_shifted += shift == HOLE_END - HOLE_START;
        }
      if (length < CALIBRATION_PIECE || MAX (n_flat, n_shifted) >= ENOUGH_VOTES)
        break;
    }
  *ret_flat = n_flat > n_shifted;
  return TRUE;
}

/* Without a state file the hole is where VMware has it, unless the page tables know better. */
static gboolean
assume_hole (P2vImageBuilder  *builder,
             GCancellable     *cancellable,
             GError          **error)
{
  guint64 size = p2v_file_get_size (builder->file);
  gboolean flat = TRUE;

  if (size > HOLE_START && !is_flat (builder, cancellable, &flat, error))
    return FALSE;
  add_range (builder, 0, flat ? size : HOLE_START, 0);
  if (flat)
    return TRUE;
  add_range (builder, HOLE_END, size - HOLE_START, HOLE_START);
  g_ptr_array_add (
    builder->diagnostics,
    g_strdup_printf (_ ("“%s” has no .vmss or .vmsn file beside it, which would say where its "
                        "memory lies: what stands behind offset 0x%" PRIx64
                        " is taken for memory from physical address 0x%" PRIx64 " on"),
                     p2v_file_get_display_name (builder->file), HOLE_START, HOLE_END));
  return TRUE;
}

/* A state file that cannot be read is a finding, and not the end. */
static gboolean
read_state (P2vImageBuilder  *builder,
            const char       *path,
            P2vVmwareState   *state,
            GCancellable     *cancellable)
{
  g_autoptr (GError) error = NULL;
  g_autoptr (P2vFile) file = p2v_file_open (path, &error);

  if (file != NULL && p2v_vmware_state_read (state, file, cancellable, &error))
    return TRUE;
  g_ptr_array_add (builder->diagnostics, g_strdup (error->message));
  return FALSE;
}

static gboolean
open_vmem (P2vImageBuilder  *builder,
           GCancellable     *cancellable,
           GError          **error)
{
  g_autofree char *path = find_state_path (p2v_file_get_path (builder->file));
  P2vVmwareState state = { .roots = builder->hints.page_table_roots };

  if (path == NULL || !read_state (builder, path, &state, cancellable))
    return !g_cancellable_set_error_if_cancelled (cancellable, error) &&
           assume_hole (builder, cancellable, error);
  add_regions (builder, &state, 0, p2v_file_get_size (builder->file));
  return TRUE;
}

const P2vImageFormat p2v_format_vmem = {
  .id = "vmem",
  .name = N_ ("VMware memory"),
  .bid = bid_vmem,
  .open = open_vmem,
};

static guint
bid_state (const P2vImageHead *head)
{
  return p2v_vmware_state_is_magic (head->bytes, head->n_bytes) ? 32 : 0;
}

static gboolean
open_state (P2vImageBuilder  *builder,
            GCancellable     *cancellable,
            GError          **error)
{
  P2vVmwareState state = { .roots = builder->hints.page_table_roots };

  if (!p2v_vmware_state_read (&state, builder->file, cancellable, error))
    return FALSE;
  if (state.memory_bytes == 0)
    {
      g_set_error (error, P2V_IMAGE_ERROR, P2V_IMAGE_ERROR_UNSUPPORTED,
                   _ ("“%s” is the state of a VMware machine without its memory, which is in the "
                      "file of the same name that ends in .vmem; open that one"),
                   p2v_file_get_display_name (builder->file));
      return FALSE;
    }
  add_regions (builder, &state, state.memory_offset, state.memory_bytes);
  return TRUE;
}

const P2vImageFormat p2v_format_vmware_state = {
  .id = "vmware-state",
  .name = N_ ("VMware state with memory"),
  .bid = bid_state,
  .open = open_state,
};
