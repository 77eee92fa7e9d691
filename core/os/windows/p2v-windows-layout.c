/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Which published layout the kernel has: the one under which most fields of most processes are what
 * they must be. The build decides between those that do equally well. A field that fails under it
 * is looked for elsewhere in the objects. */

#include "config.h"

#include <string.h>

#include "os/windows/p2v-windows-private.h"

/* Under which name symbols have a field. */
typedef struct
{
  P2vWindowsField field;
  const char     *structure;
  const char     *member;      /* "(sizeof)": the size of the structure */
  gboolean        is_bit;      /* the number of its lowest bit is wanted */
} FieldPath;

#include "p2v-windows-layout-table.h"

const P2vWindowsLayout *
p2v_windows_layouts_get (gsize *ret_n_layouts)
{
  *ret_n_layouts = G_N_ELEMENTS (layouts);
  return layouts;
}

const char *
p2v_windows_field_name (P2vWindowsField field)
{
  return field_names[field];
}

/* DISPATCHER_HEADER.Size. Source: data/windows/README.md, "processes". */
#define HEADER_SIZE_BYTE 2
#define HEADER_SIZE_UNIT 4

/* How far the fields of processes are moved at most, when their first part is of another length
 * than published. */
#define MAX_SHIFT        0x80

/* How many objects must agree where one does not, if a field is looked for. */
#define LEAST_MAJORITY   4

/* Finds what the layout wants to know of a field among @types. */
static gboolean
find_field (const P2vTypeSource *types,
            const FieldPath     *path,
            guint64             *ret_value)
{
  P2vMember member, unit = { 0 };
  guint32 size;

  if (g_str_equal (path->member, "(sizeof)"))
    {
      if (!p2v_type_source_find_size (types, path->structure, &size))
        return FALSE;
      *ret_value = size;
      return TRUE;
    }
  if (!p2v_type_source_find_member (types, path->structure, path->member, &member))
    return FALSE;
  *ret_value = member.offset_bytes;
  if (!path->is_bit)
    return TRUE;
  /* Of a bit in a union with a name, the bits are counted from there. */
  g_auto (GStrv) names = g_strsplit (path->member, ".", 2);
  if (names[1] != NULL &&
      !p2v_type_source_find_member (types, path->structure, names[0], &unit))
    return FALSE;
  *ret_value = member.offset_bits - (guint64) unit.offset_bytes * 8;
  return TRUE;
}

void
p2v_windows_take_types (P2vWindowsLayout    *layout,
                        const P2vTypeSource *types,
                        gboolean            *ret_taken)
{
  guint64 value;

  for (gsize i = 0; i < G_N_ELEMENTS (field_paths); i++)
    {
      const FieldPath *path = &field_paths[i];
      if (ret_taken[path->field] || !find_field (types, path, &value) ||
          value >= P2V_WINDOWS_ABSENT)
        continue;
      layout->offsets[path->field] = (guint16) value;
      ret_taken[path->field] = TRUE;
    }
}

/* How objects voted on one offset. */
typedef struct
{
  guint n_for;
  guint n_against;
} Votes;

static Votes
count_votes (const P2vWindows *self,
             P2vVirtualMemory *memory,
             GPtrArray        *objects,
             gsize             position,
             guint             offset)
{
  Votes votes = { 0, 0 };

  for (guint i = 0; i < objects->len; i++)
    {
      int vote = p2v_windows_check (self, memory, g_ptr_array_index (objects, i), position, offset);
      votes.n_for += vote > 0;
      votes.n_against += vote < 0;
    }
  return votes;
}

/* What self->layout is worth: a field that cannot be is worse than one that is right is good. Less
 * than 0 if a process cannot be told from it. */
static gint64
score_layout (P2vWindows       *self,
              P2vVirtualMemory *memory,
              GPtrArray        *objects)
{
  gint64 score = 0;
  P2vWindowsField field;

  for (gsize i = 0; (field = p2v_windows_get_checked_field (i)) != WINDOWS_N_FIELDS; i++)
    {
      if (!p2v_windows_has (self, field))
        continue;
      Votes votes = count_votes (self, memory, objects, i, self->layout.offsets[field]);
      score += (gint64) votes.n_for - 2 * (gint64) votes.n_against;
      self->votes[field] = votes.n_for;
    }
  return score;
}

/* How far a layout's build is from the kernel's: layouts hold from their build on. */
static guint
build_distance (const P2vWindows       *self,
                const P2vWindowsLayout *layout)
{
  if (self->build == 0)
    return 0;
  return layout->version.build <= self->build ? self->build - layout->version.build
                                              : (guint) G_MAXUINT16 + layout->version.build;
}

/* Fields of _EPROCESS. */
static gboolean
is_of_process (guint field)
{
  return (field >= WINDOWS_EPROCESS_PID && field <= WINDOWS_EPROCESS_WOW64) ||
         field == WINDOWS_EPROCESS_FILE;
}

/* Where a process begins with more or less than in the published kernel, all that follows stands so
 * much later. The first part says its length itself, in words of 4 bytes. Source: data/windows/
 * README.md, "processes". */
static int
shift_layout (P2vWindowsLayout       *layout,
              const P2vWindowsObject *object,
              gsize                   pointer_bytes)
{
  guint size = object->bytes[HEADER_SIZE_BYTE] * HEADER_SIZE_UNIT;
  int shift = (int) size - layout->offsets[WINDOWS_KPROCESS_SIZE];

  if (ABS (shift) > MAX_SHIFT || shift % (int) pointer_bytes != 0)
    return 0;
  layout->offsets[WINDOWS_KPROCESS_SIZE] = (guint16) size;
  for (guint field = 0; field < WINDOWS_N_FIELDS; field++)
    if (is_of_process (field) && layout->offsets[field] != P2V_WINDOWS_ABSENT)
      layout->offsets[field] = (guint16) (layout->offsets[field] + shift);
  return shift;
}

typedef struct
{
  P2vWindowsLayout layout;
  int              shift;
  gint64           score;
  gboolean         is_set;
} BestLayout;

static void
try_layout (P2vWindows       *self,
            P2vVirtualMemory *memory,
            GPtrArray        *objects,
            int               shift,
            BestLayout       *best)
{
  gint64 score = score_layout (self, memory, objects);

  if (!best->is_set || score > best->score ||
      (score == best->score && shift == 0 &&
       build_distance (self, &self->layout) <= build_distance (self, &best->layout)))
    *best = (BestLayout) { self->layout, shift, score, TRUE };
}

/* The first of @objects is System. */
/* Whether most processes have their number, name and links where @layout says: then no other length
 * of their first part is looked for, which only chance could make fit better. */
static gboolean
tells_processes (P2vWindows             *self,
                 P2vVirtualMemory       *memory,
                 GPtrArray              *objects,
                 const P2vWindowsLayout *layout)
{
  P2vWindowsField field;
  guint n_right = 0;

  for (gsize i = 0; (field = p2v_windows_get_checked_field (i)) != WINDOWS_N_FIELDS; i++)
    {
      if (field != WINDOWS_EPROCESS_NAME && field != WINDOWS_EPROCESS_PID &&
          field != WINDOWS_EPROCESS_LINKS)
        continue;
      Votes votes = count_votes (self, memory, objects, i, layout->offsets[field]);
      n_right += 2 * votes.n_for > objects->len;
    }
  return n_right == 3;
}

static BestLayout
find_best_layout (P2vWindows       *self,
                  P2vVirtualMemory *memory,
                  GPtrArray        *objects)
{
  BestLayout best = { .is_set = FALSE };

  for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++)
    {
      if (layouts[i].kind != self->kind)
        continue;
      self->layout = layouts[i];
      try_layout (self, memory, objects, 0, &best);
    }
  if (best.is_set && tells_processes (self, memory, objects, &best.layout))
    return best;
  for (gsize i = 0; i < G_N_ELEMENTS (layouts); i++)
    {
      if (layouts[i].kind != self->kind)
        continue;
      self->layout = layouts[i];
      int shift =
        shift_layout (&self->layout, g_ptr_array_index (objects, 0), self->pointer_bytes);
      if (shift != 0)
        try_layout (self, memory, objects, shift, &best);
    }
  return best;
}

/* What symbols say counts, but not against what the processes show. */
static void
apply_symbols (P2vWindows       *self,
               P2vVirtualMemory *memory,
               GPtrArray        *objects)
{
  P2vWindowsLayout layout = self->layout;
  gboolean taken[WINDOWS_N_FIELDS] = { FALSE };
  P2vWindowsField field;

  p2v_windows_take_types (&layout, self->symbols->types, taken);
  for (gsize i = 0; (field = p2v_windows_get_checked_field (i)) != WINDOWS_N_FIELDS; i++)
    {
      if (!taken[field])
        continue;
      Votes votes = count_votes (self, memory, objects, i, layout.offsets[field]);
      taken[field] = votes.n_against <= votes.n_for;
      if (taken[field])
        self->votes[field] = votes.n_for;
    }
  for (guint i = 0; i < WINDOWS_N_FIELDS; i++)
    if (taken[i])
      {
        self->layout.offsets[i] = layout.offsets[i];
        self->sources[i] = P2V_WINDOWS_FROM_SYMBOLS;
      }
}

void
p2v_windows_use_symbols (P2vWindows       *self,
                         P2vVirtualMemory *memory,
                         GPtrArray        *objects)
{
  if (self->symbols->types != NULL)
    apply_symbols (self, memory, objects);
}

/* Looks for a field where the layout has not put it: where most objects agree and hardly any
 * objects. The process that stands for idle time has no number, and is in no list. */
static void
infer_field (P2vWindows       *self,
             P2vVirtualMemory *memory,
             GPtrArray        *objects,
             gsize             position,
             P2vWindowsField   field)
{
  guint least = self->layout.offsets[WINDOWS_KPROCESS_SIZE] / 2;
  Votes best = { 1, 0 };

  for (guint offset = least; offset + sizeof (guint64) <= P2V_WINDOWS_OBJECT_BYTES; offset += 4)
    {
      if (offset % self->pointer_bytes != 0 && field != WINDOWS_EPROCESS_ACTIVE_THREADS)
        continue;
      Votes votes = count_votes (self, memory, objects, position, offset);
      if (votes.n_for < LEAST_MAJORITY * votes.n_against || votes.n_for <= best.n_for)
        continue;
      best = votes;
      self->layout.offsets[field] = (guint16) offset;
      self->sources[field] = P2V_WINDOWS_INFERRED;
    }
}

/* Fields that may be looked for: what they must be is hardly ever met by chance. */
static gboolean
can_be_inferred (P2vWindowsField field)
{
  return field == WINDOWS_EPROCESS_NAME || field == WINDOWS_EPROCESS_PID ||
         field == WINDOWS_EPROCESS_LINKS || field == WINDOWS_EPROCESS_PEB ||
         field == WINDOWS_EPROCESS_OBJECT_TABLE || field == WINDOWS_EPROCESS_VAD_ROOT ||
         field == WINDOWS_EPROCESS_AUDIT_NAME || field == WINDOWS_EPROCESS_CREATE_TIME;
}

static void
check_fields (P2vWindows       *self,
              P2vVirtualMemory *memory,
              GPtrArray        *objects)
{
  P2vWindowsField field;

  for (gsize i = 0; (field = p2v_windows_get_checked_field (i)) != WINDOWS_N_FIELDS; i++)
    {
      Votes votes = { 0, 1 };
      if (p2v_windows_has (self, field))
        votes = count_votes (self, memory, objects, i, self->layout.offsets[field]);
      if (votes.n_against > votes.n_for && can_be_inferred (field))
        infer_field (self, memory, objects, i, field);
      if (p2v_windows_has (self, field))
        votes = count_votes (self, memory, objects, i, self->layout.offsets[field]);
      self->votes[field] = votes.n_for;
      /* A field that nobody agrees with is better not known than wrong. */
      if (votes.n_against > votes.n_for)
        self->layout.offsets[field] = P2V_WINDOWS_ABSENT;
    }
}

gboolean
p2v_windows_choose_layout (P2vWindows       *self,
                           P2vVirtualMemory *memory,
                           GPtrArray        *objects)
{
  BestLayout best = find_best_layout (self, memory, objects);

  if (!best.is_set)
    return FALSE;
  self->layout = best.layout;
  self->shift = best.shift;
  memset (self->sources, 0, sizeof self->sources);
  for (guint field = 0; field < WINDOWS_N_FIELDS; field++)
    if (best.shift != 0 && is_of_process (field))
      self->sources[field] = P2V_WINDOWS_INFERRED;
  self->score = score_layout (self, memory, objects);
  check_fields (self, memory, objects);
  return p2v_windows_has (self, WINDOWS_EPROCESS_NAME) &&
         p2v_windows_has (self, WINDOWS_EPROCESS_PID) &&
         p2v_windows_has (self, WINDOWS_EPROCESS_LINKS) &&
         self->votes[WINDOWS_EPROCESS_LINKS] > 0;
}
