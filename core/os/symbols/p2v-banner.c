/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

#define _GNU_SOURCE /* memmem() */
#include "config.h"

#include "os/symbols/p2v-banner.h"

#include <string.h>

char *
p2v_banner_parse (const char *text,
                  gsize       length,
                  const char *prefix)
{
  const char *end = memchr (text, '\n', MIN (length, P2V_BANNER_MAX_BYTES));
  gsize prefix_length = strlen (prefix);

  if (end == NULL || (gsize) (end - text) + 1 >= length || end[1] != '\0' ||
      (gsize) (end - text) < prefix_length || memcmp (text, prefix, prefix_length) != 0 ||
      memchr (text, '\0', (gsize) (end - text)) != NULL)
    return NULL;
  const char *number = memchr (text, '#', (gsize) (end - text));
  return number != NULL && g_ascii_isdigit (number[1]) ? g_strndup (text, end - text) : NULL;
}

char *
p2v_banner_find_next (const char **at,
                      const char  *end,
                      const char  *prefix)
{
  const char *hit = *at;

  while ((hit = memmem (hit, (gsize) (end - hit), prefix, strlen (prefix))) != NULL)
    {
      char *banner = p2v_banner_parse (hit, (gsize) (end - hit), prefix);
      *at = hit++;
      if (banner != NULL)
        return banner;
    }
  return NULL;
}
