/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* Offsets of fields, inferred from values: for kernels that describe their structures nowhere.
 *
 * A field is where, in every one of many objects, stands what only that field can hold: the pid is
 * the number that is 1 in the first task, 2 in kthreadd and different in all; a ring of list nodes
 * closes; a pointer to a name leads to a text of the length beside it. Each file below infers one
 * kind of objects and puts what it finds into the kernel's layout. What is ambiguous is left
 * unknown: no answer is better than a wrong one.
 *
 * Nothing here depends on versions or on the order of fields, but for neighbours that have stood
 * side by side since long; these are named with their source. */

#pragma once

#include "os/linux/p2v-linux-private.h"

/* The bytes of one object, as far as they were read. */
typedef struct
{
  P2vVirtAddr va;
  guint8     *bytes;
  guint32     length;
} P2vSample;

typedef struct
{
  P2vLinux         *kernel;
  P2vVirtualMemory *memory;
  guint             word;      /* bytes of a pointer */
  GArray           *tasks;     /* P2vSample: leaders in the order of creation, from init_task on */
  GArray           *mms;       /* P2vSample: different address spaces of these */
  GArray           *areas;     /* P2vSample: vm_area_structs of these */
  GArray           *files;     /* P2vSample: different files of these */
} P2vInference;

/* The first tasks of every machine. Source: Linux init/main.c rest_init(). */
enum
{
  SAMPLE_INIT_TASK,
  SAMPLE_INIT,
  SAMPLE_KTHREADD,
  N_FIRST_SAMPLES,
};

static inline const P2vSample *
p2v_sample_get (GArray *samples,
                guint   i)
{
  return &g_array_index (samples, P2vSample, i);
}

/* 0 beyond the end: no test below takes 0 for an answer. */
static inline guint32
p2v_sample_u32 (const P2vSample *self,
                guint32          offset)
{
  guint32 raw = 0;

  if (self->length >= sizeof raw && offset <= self->length - sizeof raw)
    memcpy (&raw, self->bytes + offset, sizeof raw);
  return GUINT32_FROM_LE (raw);
}

static inline guint64
p2v_sample_u64 (const P2vSample *self,
                guint32          offset)
{
  return p2v_sample_u32 (self, offset) | (guint64) p2v_sample_u32 (self, offset + 4) << 32;
}

static inline guint64
p2v_sample_word (const P2vInference *inference,
                 const P2vSample    *self,
                 guint32             offset)
{
  return inference->word == 8 ? p2v_sample_u64 (self, offset) : p2v_sample_u32 (self, offset);
}

/* p2v-linux-infer.c */

/* Fills in @kernel's layout, and its init_task; page tables and delta are known.
 * P2V_OS_ERROR_SYMBOLS_MISSING names what could not be inferred. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_infer            (P2vLinux               *kernel,
                                     GError                **error);
/* Reads up to @length bytes at @va, at least one; FALSE if there are none. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_inference_take_sample  (P2vInference           *self,
                                     GArray                 *samples,
                                     P2vVirtAddr             va,
                                     guint32                 length);
/* Whether @samples has the object at @va. */
gboolean p2v_inference_has_sample   (GArray                 *samples,
                                     P2vVirtAddr             va);
gboolean p2v_inference_is_pointer   (const P2vInference     *self,
                                     guint64                 value);
/* The word at @va, or 0. */
guint64  p2v_inference_read_word    (P2vInference           *self,
                                     P2vVirtAddr             va);
void     p2v_inference_set          (P2vInference           *self,
                                     P2vLinuxField           field,
                                     guint32                 offset_bytes,
                                     guint32                 size_bytes);

/* Whether @offset may be the field. */
typedef gboolean (*P2vInferenceTest) (P2vInference *self,
                                      guint32       offset);
/* How many of the offsets from @start to @end, @step apart, pass; *@ret_offset is the first. */
guint    p2v_inference_search       (P2vInference           *self,
                                     guint32                 start,
                                     guint32                 end,
                                     guint32                 step,
                                     P2vInferenceTest        test,
                                     guint32                *ret_offset);
/* Most of @total, whatever few strange objects there are. */
static inline gboolean
p2v_inference_most (guint n,
                    guint total)
{
  return n > 0 && n >= total - total / 8;
}

/* Each in a file of its name; FALSE if the fields without which the next cannot work are not
 * found. */
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_infer_tasks      (P2vInference           *self);
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_infer_threads    (P2vInference           *self);
G_GNUC_WARN_UNUSED_RESULT
gboolean p2v_linux_infer_spaces     (P2vInference           *self);
void     p2v_linux_infer_files      (P2vInference           *self);
