/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-map-picture.h"

#include "p2v-hue.h"

#include <glib/gi18n-lib.h>
#include <inttypes.h>

/* Colours for a light and a dark background: what belongs to nobody recedes, what is shared
 * stands out, and neither is one of the processes' colours. */
typedef struct
{
  P2vColour light;
  P2vColour dark;
} ColourPair;

static const ColourPair background = { 0xffffff, 0x1e1e1e };
static const ColourPair nobody = { 0xe3e3e6, 0x38383c };
static const ColourPair shared = { 0x2b2b33, 0xf2f2f7 };

/* How much of its colour a cell keeps that hardly belongs to its owner, of 256. */
#define LEAST_WEIGHT 96
/* How much of its colour a cell keeps when another line of the legend is isolated. */
#define FADED_WEIGHT 28

/* The kinds of frames, in groups that a picture can show. */
typedef enum
{
  GROUP_USER,
  GROUP_FILE,
  GROUP_TABLE,
  GROUP_KERNEL,
  GROUP_FREE,
  GROUP_RESERVED,
  GROUP_UNKNOWN,
  N_GROUPS,
} Group;

static const struct
{
  const char *label;
  ColourPair  colour;
} groups[N_GROUPS] = {
  [GROUP_USER] = { N_ ("Memory of processes"), { 0x1a5fb4, 0x62a0ea } },
  [GROUP_FILE] = { N_ ("Files"), { 0x26a269, 0x57e389 } },
  [GROUP_TABLE] = { N_ ("Page tables"), { 0xa51d2d, 0xf66151 } },
  [GROUP_KERNEL] = { N_ ("Kernel"), { 0xc64600, 0xffa348 } },
  [GROUP_FREE] = { N_ ("Free"), { 0xe3e3e6, 0x38383c } },
  [GROUP_RESERVED] = { N_ ("Reserved"), { 0x9a9996, 0x77767b } },
  [GROUP_UNKNOWN] = { N_ ("Unknown"), { 0xc0bfbc, 0x5e5c64 } },
};

static const Group group_of_kind[P2V_FRAME_N_KINDS] = {
  [P2V_FRAME_KIND_UNKNOWN] = GROUP_UNKNOWN,
  [P2V_FRAME_KIND_NOT_IN_IMAGE] = GROUP_UNKNOWN,
  [P2V_FRAME_KIND_NOT_RAM] = GROUP_RESERVED,
  [P2V_FRAME_KIND_FIRMWARE] = GROUP_RESERVED,
  [P2V_FRAME_KIND_RESERVED] = GROUP_RESERVED,
  [P2V_FRAME_KIND_BAD] = GROUP_RESERVED,
  [P2V_FRAME_KIND_OFFLINE] = GROUP_RESERVED,
  [P2V_FRAME_KIND_FREE] = GROUP_FREE,
  [P2V_FRAME_KIND_ZEROED] = GROUP_FREE,
  [P2V_FRAME_KIND_STANDBY] = GROUP_FILE,
  [P2V_FRAME_KIND_MODIFIED] = GROUP_USER,
  [P2V_FRAME_KIND_TRANSITION] = GROUP_USER,
  [P2V_FRAME_KIND_ANONYMOUS] = GROUP_USER,
  [P2V_FRAME_KIND_FILE] = GROUP_FILE,
  [P2V_FRAME_KIND_HUGE] = GROUP_USER,
  [P2V_FRAME_KIND_ZERO_PAGE] = GROUP_USER,
  [P2V_FRAME_KIND_SHARED_WITH_USER] = GROUP_KERNEL,
  [P2V_FRAME_KIND_COMPRESSED] = GROUP_USER,
  [P2V_FRAME_KIND_PAGE_TABLE] = GROUP_TABLE,
  [P2V_FRAME_KIND_KERNEL_STACK] = GROUP_KERNEL,
  [P2V_FRAME_KIND_SLAB] = GROUP_KERNEL,
  [P2V_FRAME_KIND_POOL] = GROUP_KERNEL,
  [P2V_FRAME_KIND_VMALLOC] = GROUP_KERNEL,
  [P2V_FRAME_KIND_MODULE] = GROUP_KERNEL,
  [P2V_FRAME_KIND_PER_CPU] = GROUP_KERNEL,
  [P2V_FRAME_KIND_FRAME_TABLE] = GROUP_KERNEL,
  [P2V_FRAME_KIND_KERNEL_CODE] = GROUP_KERNEL,
  [P2V_FRAME_KIND_KERNEL_DATA] = GROUP_KERNEL,
  [P2V_FRAME_KIND_KERNEL_OTHER] = GROUP_KERNEL,
};

static const struct
{
  const char *label;
  ColourPair  colour;
} sharing_classes[P2V_SHARING_N_CLASSES] = {
  [P2V_SHARING_ONE] = { N_ ("One process"), { 0x99c1f1, 0x1a5fb4 } },
  [P2V_SHARING_TWO] = { N_ ("2 processes"), { 0x3584e4, 0x3584e4 } },
  [P2V_SHARING_FEW] = { N_ ("3 to 9 processes"), { 0x813d9c, 0xc061cb } },
  [P2V_SHARING_MANY] = { N_ ("10 processes or more"), { 0x3d0a4a, 0xf5c2ff } },
};

struct _P2vMapPicture
{
  P2vSurvey       *survey;
  P2vMapColouring  colouring;
  gboolean         dark;
  GArray          *entries;    /* P2vMapEntry */
  guint           *key_entries; /* from a key (see below) to its entry */
  GHashTable      *space_keys; /* P2vAddressSpace -> key; by owner only */
  guint            isolated;
};

/* Keys number what a cell can be, before the entries are sorted. By owner: 0 nobody, 1 shared, then
 * the address spaces; by kind: the groups; by sharing: 0 nobody, then the classes. */
#define KEY_NOBODY       0u
#define KEY_SHARED       1u
#define KEY_FIRST_OWNER  2u
#define KEY_FIRST_CLASS  1u

static P2vColour
choose (const P2vMapPicture *self,
        ColourPair           pair)
{
  return self->dark ? pair.dark : pair.light;
}

static guint
find_key (const P2vMapPicture *self,
          const P2vSurveyCell *cell)
{
  switch (self->colouring)
    {
    case P2V_MAP_BY_KIND:
      return group_of_kind[cell->kind];
    case P2V_MAP_BY_SHARING:
      return cell->n_mapped == 0 ? KEY_NOBODY : KEY_FIRST_CLASS + cell->sharing;
    case P2V_MAP_BY_OWNER:
    case P2V_MAP_N_COLOURINGS:
      break;
    }
  if (cell->n_mapped == 0)
    return KEY_NOBODY;
  if (cell->n_shared > cell->n_owned)
    return KEY_SHARED;
  return GPOINTER_TO_UINT (g_hash_table_lookup (self->space_keys, cell->owner));
}

static void
take_entry (P2vMapPicture *self,
            char          *label,
            guint64        n_frames,
            P2vColour      colour)
{
  P2vMapEntry entry = { label, n_frames, colour };

  g_array_append_val (self->entries, entry);
}

/* (transfer full): the processes of an address space. */
static char *
dup_owner_label (P2vAddressSpace *space)
{
  P2vProcess *process = p2v_address_space_get_owner (space, 0);
  guint n_owners = p2v_address_space_get_n_owners (space);
  const char *name = p2v_process_get_name (process);
  gint64 pid = p2v_process_get_pid (process);

  if (n_owners == 1)
    return g_strdup_printf ("%s (%" PRId64 ")", name, pid);
  return g_strdup_printf (ngettext ("%s (%" PRId64 ") and %u more", "%s (%" PRId64 ") and %u more",
                                    n_owners - 1),
                          name, pid, n_owners - 1);
}

static void
add_owners (P2vMapPicture *self)
{
  guint n_owners;
  const P2vSurveyOwner *owners = p2v_survey_get_owners (self->survey, &n_owners);

  take_entry (self, g_strdup (_ ("No process")), p2v_survey_get_n_unmapped (self->survey),
              choose (self, nobody));
  take_entry (self, g_strdup (_ ("Shared")), p2v_survey_get_n_shared (self->survey),
              choose (self, shared));
  for (guint i = 0; i < n_owners; i++)
    {
      P2vProcess *process = p2v_address_space_get_owner (owners[i].space, 0);
      g_hash_table_insert (self->space_keys, owners[i].space,
                           GUINT_TO_POINTER (KEY_FIRST_OWNER + i));
      take_entry (self, dup_owner_label (owners[i].space), owners[i].n_frames,
                  p2v_hue_get_colour (p2v_hue_of_pid (p2v_process_get_pid (process))));
    }
}

static void
add_groups (P2vMapPicture *self)
{
  guint64 n_frames[N_GROUPS] = { 0 };

  for (guint i = 0; i < P2V_FRAME_N_KINDS; i++)
    n_frames[group_of_kind[i]] += p2v_survey_get_n_of_kind (self->survey, i);
  for (guint i = 0; i < N_GROUPS; i++)
    take_entry (self, g_strdup (_ (groups[i].label)), n_frames[i],
                choose (self, groups[i].colour));
}

static void
add_sharing_classes (P2vMapPicture *self)
{
  take_entry (self, g_strdup (_ ("No process")), p2v_survey_get_n_unmapped (self->survey),
              choose (self, nobody));
  for (guint i = 0; i < P2V_SHARING_N_CLASSES; i++)
    take_entry (self, g_strdup (_ (sharing_classes[i].label)),
                p2v_survey_get_n_sharing (self->survey, i),
                choose (self, sharing_classes[i].colour));
}

/* Indices of entries while they are sorted. */
static int
compare_keys (gconstpointer a,
              gconstpointer b,
              gpointer      entries)
{
  guint64 x = g_array_index ((GArray *) entries, P2vMapEntry, *(const guint *) a).n_frames;
  guint64 y = g_array_index ((GArray *) entries, P2vMapEntry, *(const guint *) b).n_frames;

  return (x < y) - (x > y);
}

/* Largest first; what does not occur is left out. */
static void
sort_entries (P2vMapPicture *self)
{
  GArray *sorted = g_array_new (FALSE, FALSE, sizeof (P2vMapEntry));
  guint n_keys = self->entries->len;
  g_autofree guint *keys = g_new (guint, n_keys);

  self->key_entries = g_new (guint, n_keys);
  for (guint i = 0; i < n_keys; i++)
    keys[i] = i;
  g_qsort_with_data (keys, (gint) n_keys, sizeof *keys, compare_keys, self->entries);
  for (guint i = 0; i < n_keys; i++)
    {
      P2vMapEntry *entry = &g_array_index (self->entries, P2vMapEntry, keys[i]);
      self->key_entries[keys[i]] = entry->n_frames > 0 ? sorted->len : P2V_MAP_NO_ENTRY;
      if (entry->n_frames > 0)
        g_array_append_val (sorted, *entry);
      else
        g_free (entry->label);
    }
  g_array_unref (self->entries);
  self->entries = sorted;
}

P2vMapPicture *
p2v_map_picture_new (P2vSurvey       *survey,
                     P2vMapColouring  colouring,
                     gboolean         dark)
{
  P2vMapPicture *self = g_new0 (P2vMapPicture, 1);

  self->survey = p2v_survey_ref (survey);
  self->colouring = colouring;
  self->dark = dark;
  self->entries = g_array_new (FALSE, FALSE, sizeof (P2vMapEntry));
  self->space_keys = g_hash_table_new (NULL, NULL);
  self->isolated = P2V_MAP_NO_ENTRY;
  if (colouring == P2V_MAP_BY_KIND)
    add_groups (self);
  else if (colouring == P2V_MAP_BY_SHARING)
    add_sharing_classes (self);
  else
    add_owners (self);
  sort_entries (self);
  return self;
}

void
p2v_map_picture_free (P2vMapPicture *self)
{
  for (guint i = 0; i < self->entries->len; i++)
    g_free (g_array_index (self->entries, P2vMapEntry, i).label);
  g_array_unref (self->entries);
  g_hash_table_unref (self->space_keys);
  g_free (self->key_entries);
  p2v_survey_unref (self->survey);
  g_free (self);
}

P2vSurvey *
p2v_map_picture_get_survey (const P2vMapPicture *self)
{
  return self->survey;
}

guint
p2v_map_picture_get_n_entries (const P2vMapPicture *self)
{
  return self->entries->len;
}

const P2vMapEntry *
p2v_map_picture_get_entry (const P2vMapPicture *self,
                           guint                entry)
{
  return &g_array_index (self->entries, P2vMapEntry, entry);
}

void
p2v_map_picture_isolate (P2vMapPicture *self,
                         guint          entry)
{
  self->isolated = entry;
}

guint
p2v_map_picture_get_isolated (const P2vMapPicture *self)
{
  return self->isolated;
}

guint
p2v_map_picture_find_entry (const P2vMapPicture *self,
                            guint                cell)
{
  return self->key_entries[find_key (self, p2v_survey_get_cell (self->survey, cell))];
}

/* @weight of 256 parts of @colour on @ground. */
static P2vColour
mix (P2vColour colour,
     P2vColour ground,
     guint     weight)
{
  P2vColour mixed = 0;

  for (guint shift = 0; shift < 24; shift += 8)
    {
      guint over = colour >> shift & 0xff, under = ground >> shift & 0xff;
      mixed |= ((over * weight + under * (256 - weight)) / 256) << shift;
    }
  return mixed;
}

/* A cell of which its owner has little is paler. */
static guint
get_weight (const P2vMapPicture *self,
            const P2vSurveyCell *cell)
{
  if (self->colouring == P2V_MAP_BY_KIND || cell->n_mapped == 0)
    return 256;
  return (guint) (LEAST_WEIGHT + (256 - LEAST_WEIGHT) * cell->n_mapped / cell->n_frames);
}

P2vColour
p2v_map_picture_get_colour (const P2vMapPicture *self,
                            guint                position)
{
  const P2vSurveyCell *cell = p2v_survey_get_cell (self->survey, position);
  guint entry = self->key_entries[find_key (self, cell)];
  P2vColour ground = choose (self, background);

  if (entry == P2V_MAP_NO_ENTRY)
    return ground;
  P2vColour colour = mix (g_array_index (self->entries, P2vMapEntry, entry).colour, ground,
                          get_weight (self, cell));
  if (self->isolated != P2V_MAP_NO_ENTRY && self->isolated != entry)
    return mix (colour, ground, FADED_WEIGHT);
  return colour;
}

P2vColour
p2v_map_picture_get_background (const P2vMapPicture *self)
{
  return choose (self, background);
}

char *
p2v_map_picture_dup_what (const P2vMapPicture *self,
                          guint                position)
{
  const P2vSurveyCell *cell = p2v_survey_get_cell (self->survey, position);

  if (self->colouring == P2V_MAP_BY_KIND)
    return g_strdup (p2v_frame_kind_get_title (cell->kind));
  guint entry = self->key_entries[find_key (self, cell)];
  return g_strdup (entry == P2V_MAP_NO_ENTRY
                       ? ""
                       : g_array_index (self->entries, P2vMapEntry, entry).label);
}

char *
p2v_map_picture_dup_cell_text (const P2vMapPicture *self,
                               guint                position)
{
  const P2vSurveyCell *cell = p2v_survey_get_cell (self->survey, position);
  g_autofree char *what = p2v_map_picture_dup_what (self, position);

  if (cell->n_frames == 1)
    /* Translators: physical address, then the owner or kind, such as "vol.exe (2912)". */
    return g_strdup_printf (_ ("0x%" PRIx64 ": %s"), cell->start_pa, what);
  /* Translators: first and last physical address, the owner or kind, then numbers. */
  return g_strdup_printf (_ ("0x%" PRIx64 " to 0x%" PRIx64 ": %s\n%" PRIu64 " of %" PRIu64
                             " frames are mapped, %" PRIu64 " shared"),
                          cell->start_pa, cell->end_pa - 1, what, cell->n_mapped, cell->n_frames,
                          cell->n_shared);
}
