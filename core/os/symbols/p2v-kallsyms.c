/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#include "config.h"

#include <glib/gi18n-lib.h>
#include <string.h>

#include "p2v-types.h"

#include "base/p2v-limits.h"
#include "base/p2v-reader.h"
#include "os/symbols/p2v-kallsyms.h"

#define N_TOKENS 256

/* The type letter, and the longest name with its NUL. Source: Linux KSYM_NAME_LEN is 512 since
 * commit b8a94bfb3395 "kallsyms: increase maximum kernel symbol length to 512" (6.1). */
#define MAX_NAME_BYTES (1 + 512)

/* A first length byte with this bit set is the low 7 bits of a two-byte length. Source: Linux
 * commit 73bbb94466fd "kallsyms: support "big" kernel symbols" (6.1). Before that no name was that
 * long. */
#define BIG_LENGTH 0x80

/* Nearly all tokens have at most so many bytes: these are copied at once, whatever their length. */
#define HEAD_BYTES 8

typedef struct
{
  char        head[HEAD_BYTES];        /* of the text, zeros behind it */
  const char *text;
  gsize       length;
} Token;

static gboolean
read_tokens (const P2vKallsyms *self,
             Token             *tokens)
{
  gsize n_table, n_index;
  const guint8 *table = g_bytes_get_data (self->token_table, &n_table);
  const guint8 *index = g_bytes_get_data (self->token_index, &n_index);
  P2vReader table_reader = p2v_reader_le (table, n_table);
  P2vReader index_reader = p2v_reader_le (index, n_index);

  for (guint i = 0; i < N_TOKENS; i++)
    {
      guint16 start;
      if (!p2v_reader_get_u16 (&index_reader, i * sizeof start, &start))
        return FALSE;
      tokens[i].text = p2v_reader_get_string (&table_reader, start);
      if (tokens[i].text == NULL)
        return FALSE;
      tokens[i].length = strlen (tokens[i].text);
      memset (tokens[i].head, 0, HEAD_BYTES);
      memcpy (tokens[i].head, tokens[i].text, MIN (tokens[i].length, HEAD_BYTES));
    }
  return TRUE;
}

/* Whether addresses are in the form of CONFIG_KALLSYMS_ABSOLUTE_PERCPU: there an offset >= 0 is an
 * absolute (per-CPU) value and all others count down from the base. No flag in the image tells; in
 * either form nearly all symbols are of the kernel image, so the sign of most offsets does. Source:
 * Linux kernel/kallsyms.c kallsyms_sym_address(). */
static gboolean
offsets_are_negative (const P2vReader *offsets,
                      guint32          n_symbols)
{
  guint32 n_negative = 0;

  for (guint32 i = 0; i < n_symbols; i++)
    {
      guint32 raw = 0;
      if (p2v_reader_get_u32 (offsets, (guint64) i * sizeof raw, &raw) && raw >> 31)
        n_negative++;
    }
  return n_negative > n_symbols / 2;
}

static guint64
symbol_va (const P2vKallsyms *self,
           guint32            raw_offset,
           gboolean           negative)
{
  if (!negative)
    return self->relative_base + raw_offset;
  if (raw_offset >> 31 == 0)
    return raw_offset;
  return self->relative_base - 1 - (guint64) (gint64) (gint32) raw_offset;
}

/* The address of symbol @i; FALSE behind the end of the offsets. */
static gboolean
get_symbol_va (const P2vKallsyms *self,
               const P2vReader   *offsets,
               gboolean           negative,
               guint32            i,
               guint64           *ret_va)
{
  guint32 raw = 0;

  if (self->address_bytes == sizeof *ret_va)
    return p2v_reader_get_u64 (offsets, (guint64) i * sizeof *ret_va, ret_va);
  gboolean ok = p2v_reader_get_u32 (offsets, (guint64) i * sizeof raw, &raw);
  if (self->is_place_relative)
    *ret_va = self->relative_base + (guint64) i * sizeof raw + (guint64) (gint64) (gint32) raw;
  else
    *ret_va = self->address_bytes != 0 ? raw : symbol_va (self, raw, negative);
  return ok;
}

/* Expands the record at *@position into @name (MAX_NAME_BYTES + HEAD_BYTES), NUL-terminated, and
 * moves behind it. */
static gboolean
expand_name (const P2vKallsyms *self,
             const guint8      *names,
             gsize              n_names,
             gsize             *position,
             const Token       *tokens,
             char              *name,
             gsize             *ret_length)
{
  gsize at = *position;
  gsize length = 0;

  if (at >= n_names)
    return FALSE;
  gsize n_codes = names[at++];
  if ((n_codes & BIG_LENGTH) && !self->has_plain_lengths)
    {
      if (at >= n_names)
        return FALSE;
      n_codes = (n_codes & ~(gsize) BIG_LENGTH) | (gsize) names[at++] << 7;
    }
  if (!p2v_span_fits (at, n_codes, n_names))
    return FALSE;
  for (gsize i = 0; i < n_codes; i++)
    {
      const Token *token = &tokens[names[at + i]];
      if (token->length >= MAX_NAME_BYTES - length)
        return FALSE;
      if (token->length <= HEAD_BYTES)
        memcpy (name + length, token->head, HEAD_BYTES);
      else
        memcpy (name + length, token->text, token->length);
      length += token->length;
    }
  name[length] = '\0';
  *ret_length = length;
  *position = at + n_codes;
  return length > 0;
}

/* Reads one symbol behind the other into @table. */
static gboolean
read_symbols (const P2vKallsyms  *self,
              const Token        *tokens,
              P2vSymbolTable     *table,
              GError            **error)
{
  gsize n_names, n_offsets, position = 0;
  const guint8 *names = g_bytes_get_data (self->names, &n_names);
  const guint8 *offset_bytes = g_bytes_get_data (self->offsets, &n_offsets);
  P2vReader offsets = p2v_reader_le (offset_bytes, n_offsets);
  gboolean negative =
    self->address_bytes == 0 && offsets_are_negative (&offsets, self->n_symbols);

  for (guint32 i = 0; i < self->n_symbols; i++)
    {
      char name[MAX_NAME_BYTES + HEAD_BYTES];
      gsize length;
      guint64 va;

      if (!expand_name (self, names, n_names, &position, tokens, name, &length) ||
          !get_symbol_va (self, &offsets, negative, i, &va))
        {
          g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
                       _("The kernel's symbol table is damaged at symbol %u of %u"), i,
                       self->n_symbols);
          return FALSE;
        }
      /* The type letter comes before the name. */
      if (!p2v_symbol_table_add (table, name + 1, length - 1, va))
        {
          g_set_error (error, P2V_OS_ERROR, P2V_OS_ERROR_LIMIT,
                       _("The kernel's symbol table is too large: symbol %u of %u passes the "
                         "limits of %u symbols or %u bytes of names"),
                       i, self->n_symbols, P2V_LIMIT_SYMBOLS, P2V_LIMIT_SYMBOL_NAME_BYTES);
          return FALSE;
        }
    }
  return TRUE;
}

P2vSymbolTable *
p2v_kallsyms_read (const P2vKallsyms  *self,
                   GError            **error)
{
  g_autoptr (P2vSymbolTable) table = p2v_symbol_table_new ();
  Token tokens[N_TOKENS];

  if (!read_tokens (self, tokens))
    {
      g_set_error_literal (
        error, P2V_OS_ERROR, P2V_OS_ERROR_CORRUPT,
        _("The kernel's symbol table is damaged: kallsyms_token_index points outside "
          "kallsyms_token_table"));
      return NULL;
    }
  if (!read_symbols (self, tokens, table, error))
    return NULL;
  p2v_symbol_table_seal (table);
  return g_steal_pointer (&table);
}

void
p2v_kallsyms_clear (P2vKallsyms *self)
{
  g_clear_pointer (&self->names, g_bytes_unref);
  g_clear_pointer (&self->token_table, g_bytes_unref);
  g_clear_pointer (&self->token_index, g_bytes_unref);
  g_clear_pointer (&self->offsets, g_bytes_unref);
}
