/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include "p2v-row-filter.h"

/* A person types no more; the rest is not looked at. */
#define MAX_WORDS 32

typedef struct
{
  P2vColumnId column;      /* P2V_N_COLUMNS: any */
  gboolean    is_excluded;
  char       *value;       /* case-folded */
} Word;

struct _P2vRowFilter
{
  gatomicrefcount  n_references;
  GArray          *words;
};

static void
word_clear (gpointer data)
{
  g_free (((Word *) data)->value);
}

/* Takes the next word off @text, without its quotation marks; NULL if there is none. One that is
 * never closed reaches to the end. */
static char *
take_word (const char **text)
{
  GString *word = g_string_new (NULL);
  gboolean is_quoted = FALSE;
  const char *c = *text;

  while (g_ascii_isspace (*c))
    c++;
  if (*c == '\0')
    {
      g_string_free (word, TRUE);
      return NULL;
    }
  for (; *c != '\0' && (is_quoted || !g_ascii_isspace (*c)); c++)
    if (*c == '"')
      is_quoted = !is_quoted;
    else
      g_string_append_c (word, *c);
  *text = c;
  return g_string_free (word, FALSE);
}

/* A colon behind what is no column belongs to the text: "memfd:shared". */
static Word
parse_word (const char *text)
{
  Word word = { .column = P2V_N_COLUMNS };

  if (text[0] == '-' && text[1] != '\0')
    {
      word.is_excluded = TRUE;
      text++;
    }
  const char *colon = strchr (text, ':');
  g_autofree char *name = colon != NULL ? g_strndup (text, (gsize) (colon - text)) : NULL;
  g_autofree char *small_name = name != NULL ? g_ascii_strdown (name, -1) : NULL;
  if (small_name != NULL && p2v_column_id_from_property (small_name, &word.column))
    text = colon + 1;
  g_autofree char *valid = g_utf8_make_valid (text, -1);
  word.value = g_utf8_casefold (valid, -1);
  return word;
}

P2vRowFilter *
p2v_row_filter_new (const char *text)
{
  g_autoptr (GArray) words = g_array_new (FALSE, FALSE, sizeof (Word));
  char *word_text;

  g_array_set_clear_func (words, word_clear);
  while (words->len < MAX_WORDS && (word_text = take_word (&text)) != NULL)
    {
      Word word = parse_word (word_text);
      g_free (word_text);
      /* "rights:" is still being typed. */
      if (word.value[0] != '\0')
        g_array_append_val (words, word);
      else
        word_clear (&word);
    }
  if (words->len == 0)
    return NULL;

  P2vRowFilter *self = g_new0 (P2vRowFilter, 1);
  g_atomic_ref_count_init (&self->n_references);
  self->words = g_steal_pointer (&words);
  return self;
}

P2vRowFilter *
p2v_row_filter_ref (P2vRowFilter *self)
{
  g_atomic_ref_count_inc (&self->n_references);
  return self;
}

void
p2v_row_filter_unref (P2vRowFilter *self)
{
  if (!g_atomic_ref_count_dec (&self->n_references))
    return;
  g_array_unref (self->words);
  g_free (self);
}

gboolean
p2v_row_filter_needs_details (P2vRowFilter *self)
{
  for (guint i = 0; i < self->words->len; i++)
    if (g_array_index (self->words, Word, i).column >= P2V_COLUMN_RIGHTS)
      return TRUE;
  return FALSE;
}

static gboolean
has_letters (const char *rights,
             const char *letters)
{
  for (; *letters != '\0'; letters++)
    if (strchr (rights, *letters) == NULL)
      return FALSE;
  return TRUE;
}

/* @text: case-folded. @is_only_column: the word names it. */
static gboolean
matches_text (P2vColumnId column,
              gboolean    is_only_column,
              const char *text,
              const char *value)
{
  switch (column)
    {
    case P2V_COLUMN_PID:
      return g_str_equal (text, value);
    case P2V_COLUMN_SIZE:
      return g_str_equal (text, value);
    case P2V_COLUMN_RIGHTS:
      /* "r--" means just that, "rw" what can do both. */
      return is_only_column && strchr (value, '-') == NULL ? has_letters (text, value)
                                                           : strstr (text, value) != NULL;
    case P2V_COLUMN_PROCESS:
    case P2V_COLUMN_VIRTUAL:
    case P2V_COLUMN_STATE:
    case P2V_COLUMN_REGION:
    case P2V_N_COLUMNS:
    default:
      return strstr (text, value) != NULL;
    }
}

static gboolean
matches_column (const P2vRowDetails *details,
                P2vColumnId          column,
                const Word          *word)
{
  g_autofree char *text = p2v_row_details_dup_text (details, column);
  g_autofree char *folded = text != NULL ? g_utf8_casefold (text, -1) : NULL;

  return folded != NULL
         && matches_text (column, word->column == column, folded, word->value);
}

static gboolean
matches_word (const P2vRowDetails *details,
              const Word          *word)
{
  if (word->column < P2V_N_COLUMNS)
    return matches_column (details, word->column, word);
  for (guint i = 0; i < P2V_N_COLUMNS; i++)
    if (matches_column (details, (P2vColumnId) i, word))
      return TRUE;
  return FALSE;
}

gboolean
p2v_row_filter_matches (P2vRowFilter        *self,
                        const P2vRowDetails *details)
{
  for (guint i = 0; i < self->words->len; i++)
    {
      const Word *word = &g_array_index (self->words, Word, i);
      if (matches_word (details, word) == word->is_excluded)
        return FALSE;
    }
  return TRUE;
}
