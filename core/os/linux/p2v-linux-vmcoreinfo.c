/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "image/p2v-image-private.h"
#include "os/linux/p2v-linux-private.h"

/* The text's first key. Source: Linux kernel/vmcore_info.c crash_save_vmcoreinfo_init(). */
#define FIRST_KEY "OSRELEASE="

/* The text fills a page of its own (vmcoreinfo_data, a zeroed page), and stands a second time
 * behind the header of an ELF note: 12 bytes, and the name "VMCOREINFO" padded to 12. Source: Linux
 * kernel/vmcore_info.c append_elf_note(), vmcoreinfo_note is page-aligned. */
static const gsize text_offsets[] = { 0, 0x18 };

/* Different texts that are tried. A machine has one a boot, and the memory of virtual machines in
 * it has theirs; a crafted image could have one in every page, and each costs reading symbols. */
#define MAX_CANDIDATES 65536

/* What is read at a time while searching. */
#define CHUNK_BYTES ((gsize) 1 << 20)

/* What is searched before turning to the other end of memory. */
#define PIECE_BYTES ((guint64) 32 << 20)

GHashTable *
p2v_linux_parse_vmcoreinfo (const char *text,
                            gsize       length)
{
  if (length < strlen (FIRST_KEY) || memcmp (text, FIRST_KEY, strlen (FIRST_KEY)) != 0)
    return NULL;

  g_autofree char *copy = g_strndup (text, length);
  g_auto (GStrv) lines = g_strsplit (copy, "\n", -1);
  g_autoptr (GHashTable) info = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, g_free);
  for (char **line = lines; *line != NULL; line++)
    {
      char *equals = strchr (*line, '=');
      if (equals == NULL)
        continue;
      *equals = '\0';
      g_hash_table_replace (info, g_strdup (*line), g_strdup (equals + 1));
    }
  return g_hash_table_contains (info, "PAGESIZE") ? g_steal_pointer (&info) : NULL;
}

static const char *
get_info (GHashTable *info,
          const char *kind,
          const char *name)
{
  g_autofree char *key = g_strdup_printf ("%s(%s)", kind, name);

  return g_hash_table_lookup (info, key);
}

gboolean
p2v_linux_get_info_symbol (GHashTable *info,
                           const char *name,
                           guint64    *ret_va)
{
  const char *value = get_info (info, "SYMBOL", name);

  return value != NULL && g_ascii_string_to_unsigned (value, 16, 1, G_MAXUINT64, ret_va, NULL);
}

gboolean
p2v_linux_get_info_number (GHashTable *info,
                           const char *name,
                           gint64     *ret_number)
{
  const char *value = get_info (info, "NUMBER", name);

  return value != NULL &&
         g_ascii_string_to_signed (value, 10, G_MININT64, G_MAXINT64, ret_number, NULL);
}

gboolean
p2v_linux_get_info_hex (GHashTable *info,
                        const char *name,
                        guint64    *ret_number)
{
  const char *value = get_info (info, "NUMBER", name);

  return value != NULL && g_str_has_prefix (value, "0x") &&
         g_ascii_string_to_unsigned (value + 2, 16, 0, G_MAXUINT64, ret_number, NULL);
}

gboolean
p2v_linux_get_info_offset (GHashTable *info,
                           const char *name,
                           guint32    *ret_offset)
{
  const char *value = get_info (info, "OFFSET", name);
  guint64 offset;

  if (value == NULL || !g_ascii_string_to_unsigned (value, 10, 0, G_MAXUINT16, &offset, NULL))
    return FALSE;
  *ret_offset = (guint32) offset;
  return TRUE;
}

typedef struct
{
  P2vVmcoreinfoFunc  try_candidate;
  gpointer           user_data;
  GHashTable        *refused;          /* checksums of texts that were tried: each stands twice */
  GError            *first_error;
  P2vPhysAddr        accepted_pa;      /* 0 if it came from the image's header */
} Candidates;

/* TRUE if @text is a VMCOREINFO and was accepted. */
static gboolean
offer (Candidates *self,
       const char *text,
       gsize       length)
{
  g_autoptr (GHashTable) info = p2v_linux_parse_vmcoreinfo (text, length);
  g_autoptr (GError) error = NULL;

  if (info == NULL)
    return FALSE;
  g_autofree char *key = g_compute_checksum_for_data (G_CHECKSUM_SHA256, (const guchar *) text,
                                                      strnlen (text, length));
  if (g_hash_table_contains (self->refused, key) ||
      g_hash_table_size (self->refused) >= MAX_CANDIDATES)
    return FALSE;
  if (self->try_candidate (info, self->user_data, &error))
    return TRUE;
  g_hash_table_add (self->refused, g_steal_pointer (&key));
  if (self->first_error == NULL)
    self->first_error = g_steal_pointer (&error);
  return FALSE;
}

static gboolean
offer_pages (Candidates   *self,
             const guint8 *bytes,
             gsize         length,
             P2vPhysAddr   start_pa)
{
  for (gsize page = 0; page + P2V_FRAME_SIZE <= length; page += P2V_FRAME_SIZE)
    for (gsize i = 0; i < G_N_ELEMENTS (text_offsets); i++)
      {
        const char *text = (const char *) bytes + page + text_offsets[i];
        if (*text != FIRST_KEY[0] || !offer (self, text, P2V_FRAME_SIZE - text_offsets[i]))
          continue;
        self->accepted_pa = start_pa + page;
        return TRUE;
      }
  return FALSE;
}

typedef enum
{
  SEARCH_FOUND,
  SEARCH_NOT_FOUND,
  SEARCH_FAILED,
} SearchResult;

/* A part of memory that is searched in one go. */
typedef struct
{
  P2vPhysAddr start_pa;
  guint64     length_bytes;
} Piece;

static SearchResult
search_piece (Candidates            *self,
              const P2vSystemSearch *search,
              const Piece           *piece,
              guint8                *buffer,
              GError               **error)
{
  for (guint64 offset = 0; offset < piece->length_bytes; offset += CHUNK_BYTES)
    {
      gsize length = (gsize) MIN (CHUNK_BYTES, piece->length_bytes - offset);

      if (g_cancellable_set_error_if_cancelled (search->cancellable, error) ||
          p2v_image_read (search->image, piece->start_pa + offset, buffer, length, error) ==
            P2V_READ_FAILED)
        return SEARCH_FAILED;
      if (offer_pages (self, buffer, length, piece->start_pa + offset))
        return SEARCH_FOUND;
    }
  return SEARCH_NOT_FOUND;
}

/* Cuts one range into pieces of whole pages. */
static void
add_pieces (GArray              *pieces,
            const P2vImageRange *range)
{
  guint64 skipped = -range->start_pa & (P2V_FRAME_SIZE - 1);
  Piece piece = { .start_pa = range->start_pa + skipped };
  guint64 left =
    range->length_bytes > skipped ? (range->length_bytes - skipped) & ~(P2V_FRAME_SIZE - 1) : 0;

  while (left > 0)
    {
      piece.length_bytes = MIN (left, PIECE_BYTES);
      g_array_append_val (pieces, piece);
      piece.start_pa += piece.length_bytes;
      left -= piece.length_bytes;
    }
}

/* Searches from both ends towards the middle: the text is in a page that the kernel allocates early
 * at boot, and then it takes from the end of a zone. Observed: 19 to 26 MiB above 0 in machines of
 * 256 to 384 MiB, 98 MiB below the end of one of 6 GiB. Wherever it is, all is searched in the
 * end. */
static SearchResult
search_memory (Candidates            *self,
               const P2vSystemSearch *search,
               GError               **error)
{
  g_autofree guint8 *buffer = g_malloc (CHUNK_BYTES);
  g_autoptr (GArray) pieces = g_array_new (FALSE, FALSE, sizeof (Piece));
  SearchResult result = SEARCH_NOT_FOUND;
  guint64 bytes_done = 0;
  gsize n_ranges;
  const P2vImageRange *ranges = p2v_image_get_ranges (search->image, &n_ranges);

  for (gsize i = 0; i < n_ranges; i++)
    add_pieces (pieces, &ranges[i]);
  p2v_meter_begin (search->meter, search->searching, p2v_image_get_memory_size (search->image));
  for (guint i = 0; i < pieces->len && result == SEARCH_NOT_FOUND; i++)
    {
      guint position = i % 2 == 0 ? i / 2 : pieces->len - 1 - i / 2;
      const Piece *piece = &g_array_index (pieces, Piece, position);
      result = search_piece (self, search, piece, buffer, error);
      bytes_done += piece->length_bytes;
      p2v_meter_set_done (search->meter, bytes_done);
    }
  return result;
}

/* What the image's header brings along. */
static gboolean
offer_header (Candidates            *self,
              const P2vSystemSearch *search)
{
  GBytes *hint = p2v_image_get_hints (search->image)->vmcoreinfo;
  gsize length;

  if (hint == NULL)
    return FALSE;
  const char *text = g_bytes_get_data (hint, &length);
  return offer (self, text, length);
}

/* The page in which it was found last time. */
static gboolean
offer_last_place (Candidates            *self,
                  const P2vSystemSearch *search)
{
  guint8 page[P2V_FRAME_SIZE];
  P2vPhysAddr pa = search->hint & ~(P2V_FRAME_SIZE - 1);

  return search->hint != 0 &&
         p2v_image_read (search->image, pa, page, sizeof page, NULL) == P2V_READ_OK &&
         offer_pages (self, page, sizeof page, pa);
}

gboolean
p2v_linux_search_vmcoreinfo (const P2vSystemSearch  *search,
                             P2vVmcoreinfoFunc       try_candidate,
                             gpointer                user_data,
                             P2vPhysAddr            *ret_pa,
                             GError                **error)
{
  g_autoptr (GHashTable) refused = g_hash_table_new_full (g_str_hash, g_str_equal, g_free, NULL);
  Candidates candidates = { try_candidate, user_data, refused, NULL, 0 };
  SearchResult result = SEARCH_FOUND;

  if (!offer_header (&candidates, search) && !offer_last_place (&candidates, search))
    result = search_memory (&candidates, search, error);
  *ret_pa = candidates.accepted_pa;
  g_autoptr (GError) first_error = candidates.first_error;
  if (result == SEARCH_NOT_FOUND && first_error != NULL)
    g_propagate_error (error, g_steal_pointer (&first_error));
  else if (result == SEARCH_NOT_FOUND)
    g_set_error_literal (error, P2V_OS_ERROR, P2V_OS_ERROR_NOT_DETECTED, "no VMCOREINFO");
  return result == SEARCH_FOUND;
}
