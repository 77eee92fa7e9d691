/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "p2v-recipe.h"

#include <stdio.h>
#include <string.h>

static const char *const counter_names[P2V_RECIPE_N_COUNTERS] = {
  "missing", "looped", "malformed", "root-missing", "too-many",
};

static void
clear_memory (gpointer memory)
{
  g_free ((gpointer) ((P2vTestMemory *) memory)->bytes);
}

void
p2v_recipe_free (P2vRecipe *recipe)
{
  g_array_unref (recipe->memory);
  g_array_unref (recipe->roots);
  g_array_unref (recipe->detours);
  g_array_unref (recipe->pages);
  g_array_unref (recipe->counters);
  g_free (recipe);
}

guint8 *
p2v_recipe_find (P2vRecipe   *recipe,
                 P2vPhysAddr  pa)
{
  for (guint i = 0; i < recipe->memory->len; i++)
    {
      const P2vTestMemory *memory = &g_array_index (recipe->memory, P2vTestMemory, i);
      if (pa >= memory->pa && pa - memory->pa + 8 <= memory->length)
        return (guint8 *) memory->bytes + (pa - memory->pa);
    }
  return NULL;
}

static gboolean
parse_form (P2vRecipe *recipe,
            char     **words)
{
  recipe->form = p2v_paging_form_find (words[1]);
  return recipe->form != NULL;
}

static gboolean
parse_memory (P2vRecipe *recipe,
              char     **words)
{
  P2vTestMemory memory = { .pa = g_ascii_strtoull (words[1], NULL, 0),
                           .length = g_ascii_strtoull (words[2], NULL, 0) };

  memory.bytes = g_malloc0 (memory.length);
  g_array_append_val (recipe->memory, memory);
  return memory.length > 0;
}

static gboolean
parse_slots (P2vRecipe *recipe,
             char     **words)
{
  recipe->n_user_slots = (guint) g_ascii_strtoull (words[1], NULL, 0);
  return TRUE;
}

static gboolean
parse_space (P2vRecipe *recipe,
             char     **words)
{
  static const guint no_counters[P2V_RECIPE_N_COUNTERS];
  P2vPagingRoot root = { .root_pa = g_ascii_strtoull (words[1], NULL, 0),
                         .end_slot = recipe->n_user_slots };

  g_array_append_val (recipe->roots, root);
  g_array_append_vals (recipe->counters, no_counters, 1);
  return TRUE;
}

static gboolean
parse_kernel (P2vRecipe *recipe,
              char     **words)
{
  parse_space (recipe, words);
  P2vPagingRoot *root
      = &g_array_index (recipe->roots, P2vPagingRoot, recipe->roots->len - 1);
  root->first_slot = recipe->n_user_slots;
  root->end_slot = 1u << recipe->form->levels[0].index_bits;
  root->base_va = g_ascii_strtoull (words[2], NULL, 0);
  return TRUE;
}

static gboolean
parse_entry (P2vRecipe *recipe,
             char     **words)
{
  char *end;
  P2vPhysAddr table = g_ascii_strtoull (words[1], &end, 0);
  guint64 index = *end == '[' ? g_ascii_strtoull (end + 1, &end, 0) : 0;
  guint64 value = GUINT64_TO_LE (g_ascii_strtoull (words[2], NULL, 0));
  guint8 *place = p2v_recipe_find (recipe, table + index * recipe->form->entry_bytes);

  if (*end != ']' || place == NULL)
    return FALSE;
  memcpy (place, &value, recipe->form->entry_bytes);
  return TRUE;
}

/* "4K", "512G"; 0 if it is no power of two. */
static guint
parse_size (const char *text)
{
  static const char units[] = "KMGT";
  char *unit;
  guint64 number = g_ascii_strtoull (text, &unit, 10);
  const char *at = *unit != '\0' ? strchr (units, *unit) : NULL;

  if (at == NULL || number == 0 || (number & (number - 1)) != 0)
    return 0;
  return (guint) g_bit_storage (number) - 1 + 10 * (guint) (at - units + 1);
}

static P2vRights
parse_rights (const char *text)
{
  return (text[0] == 'r' ? P2V_RIGHTS_READ : 0) | (text[1] == 'w' ? P2V_RIGHTS_WRITE : 0) |
         (text[2] == 'x' ? P2V_RIGHTS_EXECUTE : 0) | (text[3] == 'u' ? P2V_RIGHTS_USER : 0);
}

static gboolean
parse_detour (P2vRecipe *recipe,
              char     **words)
{
  P2vRecipeDetour detour = { g_ascii_strtoull (words[1], NULL, 0),
                             g_ascii_strtoull (words[2], NULL, 0) };

  g_array_append_val (recipe->detours, detour);
  return TRUE;
}

static gboolean
parse_page (P2vRecipe *recipe,
            char     **words)
{
  P2vRecipePage page
      = { .space = (guint) g_ascii_strtoull (words[1], NULL, 0),
          .va = g_ascii_strtoull (words[2], NULL, 0),
          .pa = g_ascii_strtoull (words[3], NULL, 0),
          .page_shift = parse_size (words[4]) };

  if (page.page_shift == 0 || strlen (words[5]) != 4)
    return FALSE;
  page.rights = parse_rights (words[5]);
  while (strcmp (words[6], p2v_state_to_string (page.state)) != 0)
    if (++page.state > P2V_STATE_HWPOISON)
      return FALSE;
  g_array_append_val (recipe->pages, page);
  return TRUE;
}

static gboolean
parse_report (P2vRecipe *recipe,
              char     **words)
{
  guint space = (guint) g_ascii_strtoull (words[1], NULL, 0);

  for (guint i = 0; i < P2V_RECIPE_N_COUNTERS && space < recipe->counters->len; i++)
    if (strcmp (words[2], counter_names[i]) == 0)
      {
        guint *counters
            = (guint *) (gpointer) recipe->counters->data + space * P2V_RECIPE_N_COUNTERS;
        counters[i] = (guint) g_ascii_strtoull (words[3], NULL, 0);
        return TRUE;
      }
  return FALSE;
}

static const struct
{
  const char *name;
  guint       n_words;
  gboolean  (*parse) (P2vRecipe *recipe,
                      char     **words);
} statements[] = {
  { "form", 2, parse_form },   { "memory", 3, parse_memory }, { "space", 2, parse_space },
  { "kernel", 3, parse_kernel }, { "slots", 2, parse_slots },
  { "detour", 3, parse_detour },
  { "entry", 3, parse_entry }, { "page", 7, parse_page },     { "report", 4, parse_report },
};

static gboolean
parse_line (P2vRecipe *recipe,
            char      *line)
{
  g_auto (GStrv) all_words = NULL;
  g_autoptr (GPtrArray) words = g_ptr_array_new ();

  line[strcspn (line, "#")] = '\0';
  all_words = g_strsplit_set (line, " \t", -1);
  for (char **word = all_words; *word != NULL; word++)
    if (**word != '\0')
      g_ptr_array_add (words, *word);
  if (words->len == 0)
    return TRUE;
  for (gsize i = 0; i < G_N_ELEMENTS (statements); i++)
    if (strcmp (words->pdata[0], statements[i].name) == 0)
      return words->len == statements[i].n_words
             && statements[i].parse (recipe, (char **) words->pdata);
  return FALSE;
}

P2vRecipe *
p2v_recipe_load (const char *path)
{
  g_autoptr (P2vRecipe) recipe = g_new0 (P2vRecipe, 1);
  g_autofree char *text = NULL;

  recipe->n_user_slots = 256;
  recipe->memory = g_array_new (FALSE, FALSE, sizeof (P2vTestMemory));
  g_array_set_clear_func (recipe->memory, clear_memory);
  recipe->roots = g_array_new (FALSE, FALSE, sizeof (P2vPagingRoot));
  recipe->detours = g_array_new (FALSE, FALSE, sizeof (P2vRecipeDetour));
  recipe->pages = g_array_new (FALSE, FALSE, sizeof (P2vRecipePage));
  recipe->counters = g_array_new (FALSE, FALSE, sizeof (guint[P2V_RECIPE_N_COUNTERS]));
  if (!g_file_get_contents (path, &text, NULL, NULL))
    {
      fprintf (stderr, "%s: cannot be read\n", path);
      return NULL;
    }
  g_auto (GStrv) lines = g_strsplit (text, "\n", -1);
  for (guint i = 0; lines[i] != NULL; i++)
    if (!parse_line (recipe, lines[i]))
      {
        fprintf (stderr, "%s:%u: malformed statement\n", path, i + 1);
        return NULL;
      }
  return recipe->form != NULL && recipe->memory->len > 0 ? g_steal_pointer (&recipe) : NULL;
}
