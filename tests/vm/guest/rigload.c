/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* rigload: the load that runs in the guest; one scenario per invocation.
 * Every process tells file descriptor 3 when it is ready, then waits for ever. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "rig.h"

#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT 21
#endif
#ifndef MADV_COLD
#define MADV_COLD 20
#endif
#ifndef MADV_HWPOISON
#define MADV_HWPOISON 100
#endif
#ifndef MAP_FIXED_NOREPLACE
#define MAP_FIXED_NOREPLACE 0x100000
#endif
#ifndef MAP_HUGE_SHIFT
#define MAP_HUGE_SHIFT 26
#endif
#ifndef UFFD_FEATURE_WP_HUGETLBFS_SHMEM
#define UFFD_FEATURE_WP_HUGETLBFS_SHMEM (1 << 12)
#endif
/* The size of a page, and of a transparent huge one. */
size_t PG = 4096;
size_t HP = 2UL << 20;

static const char *scen = "?";

void
note (const char *fmt, ...)
{
  char b[256];
  va_list ap;
  int n = snprintf (b, sizeof b, "N %d %s: ", getpid (), scen);
  va_start (ap, fmt);
  n += vsnprintf (b + n, sizeof b - n - 2, fmt, ap);
  va_end (ap);
  b[n++] = '\n';
  if (write (3, b, n) < 0)
    {
    }
}
void
ready (void)
{
  char b[64];
  int n = snprintf (b, sizeof b, "R %d %s\n", getpid (), scen);
  if (write (3, b, n) < 0)
    {
    }
}
void
forever (void)
{
  for (;;)
    pause ();
}
void
done (void)
{
  ready ();
  forever ();
}

void *
map (void *at, size_t len, int prot, int flags, int fd, off_t off)
{
  void *p = mmap (at, len, prot, flags, fd, off);
  if (p == MAP_FAILED)
    {
      note ("mmap %zu failed: %s", len, strerror (errno));
      return NULL;
    }
  return p;
}
void
mark (void *p, size_t len)
{
  for (size_t o = 0; p && o < len; o += PG)
    snprintf ((char *)p + o, 96, "RIGMARK pid=%d va=%lx scen=%s", getpid (),
              (unsigned long)((char *)p + o), scen);
}
char *
anon (size_t len)
{
  char *p = map (NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  mark (p, len);
  return p;
}
static volatile unsigned long sink;
void
touch (volatile char *p, size_t len)
{
  for (size_t o = 0; p && o < len; o += PG)
    sink += p[o];
}

int
mkfile (const char *path, size_t len)
{
  int fd = open (path, O_RDWR | O_CREAT, 0644);
  struct stat st;
  if (fd < 0)
    {
      note ("open %s: %s", path, strerror (errno));
      return -1;
    }
  if (fstat (fd, &st) == 0 && (size_t)st.st_size >= len)
    return fd;
  char b[PG];
  for (size_t o = 0; o < len; o += PG)
    {
      memset (b, 0, sizeof b);
      snprintf (b, sizeof b, "RIGFILE %s off=%zx", path, o);
      if (pwrite (fd, b, PG, o) != (ssize_t)PG)
        break;
    }
  return fd;
}
static void
onbus (int s)
{
  (void)s;
}
static void *
thr (void *a)
{
  char *p = anon (4 * PG);
  (void)p;
  (void)a;
  prctl (PR_SET_NAME, "rig-thread");
  forever ();
  return NULL;
}
static void *
thr_ready (void *a)
{
  (void)a;
  sleep (1);
  anon (2 * PG);
  done ();
  return NULL;
}
static int
clonefn (void *a)
{
  (void)a;
  prctl (PR_SET_NAME, "rig-clonevm-kid");
  anon (3 * PG);
  done ();
  return 0;
}

/* an aligned transparent huge page of our own */
static char *
thp (void)
{
  char *r = map (NULL, 2 * HP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  char *t = (char *)(((uintptr_t)r + HP - 1) & ~(HP - 1));
  if (!r)
    return NULL;
  madvise (t, HP, MADV_HUGEPAGE);
  mark (t, PG);
  return t;
}
/* begins to move a page to another frame, see kmod/rigtruth.c */
static void
migrate (char *p)
{
  char b[32];
  int n = snprintf (b, sizeof b, "%lx", (unsigned long)p);
  int fd = open ("/proc/rigmigrate", O_WRONLY);
  if (fd < 0 || write (fd, b, n) != n)
    note ("migrate %s: %s", b, strerror (errno));
  close (fd);
}
int
uffd_open (void)
{
  struct uffdio_api api = { .api = UFFD_API, .features = UFFD_FEATURE_PAGEFAULT_FLAG_WP
                                                         | UFFD_FEATURE_WP_HUGETLBFS_SHMEM };
  int fd = syscall (SYS_userfaultfd, O_CLOEXEC);
  if (fd < 0 || ioctl (fd, UFFDIO_API, &api))
    note ("userfaultfd: %s", strerror (errno));
  return fd;
}
void
uffd_protect (int fd, char *p, size_t len)
{
  struct uffdio_register reg
      = { .range = { (uintptr_t)p, len }, .mode = UFFDIO_REGISTER_MODE_WP };
  struct uffdio_writeprotect wp
      = { .range = { (uintptr_t)p, len }, .mode = UFFDIO_WRITEPROTECT_MODE_WP };
  if (ioctl (fd, UFFDIO_REGISTER, &reg) || ioctl (fd, UFFDIO_WRITEPROTECT, &wp))
    note ("write protection: %s", strerror (errno));
}
long
read_number (const char *path)
{
  char b[32] = "";
  int fd = open (path, O_RDONLY);
  if (fd >= 0 && read (fd, b, sizeof b - 1) > 0)
    {
    }
  close (fd);
  return atol (b);
}
void
write_text (const char *path, const char *text)
{
  int fd = open (path, O_WRONLY);
  if (fd < 0 || write (fd, text, strlen (text)) < 0)
    note ("%s: %s", path, strerror (errno));
  close (fd);
}

/* Files with names that are hard to tell: with white space, deep, removed, a replaced program. */
static void
odd_files (void)
{
  char path[1024] = "/data/new\nline and space\t";
  int fd;

  mkdir (path, 0755);
  for (int i = 0; i < 40; i++)
    {
      strcat (path, "/a-folder-in-it");
      mkdir (path, 0755);
    }
  strcat (path, "/deep");
  fd = mkfile (path, 4 * PG);
  touch (map (NULL, 4 * PG, PROT_READ, MAP_SHARED, fd, 0), 4 * PG);
  fd = mkfile ("/data/removed (deleted)", 4 * PG);
  touch (map (NULL, 2 * PG, PROT_READ, MAP_PRIVATE, fd, 2 * PG), 2 * PG);
  unlink ("/data/removed (deleted)");
  fd = mkfile ("/data/renamed", 4 * PG);
  touch (map (NULL, PG, PROT_READ, MAP_PRIVATE, fd, 3 * PG), PG);
  rename ("/data/renamed", "/data/renamed \\ again");
}

/* A container: namespaces and a root of its own, on an overlay over the machine's files. */
static void
enter_container (void)
{
  int fd;

  mkdir ("/ov", 0755);
  mkdir ("/ov/upper", 0755);
  mkdir ("/ov/work", 0755);
  mkdir ("/ov/merged", 0755);
  if (unshare (CLONE_NEWNS | CLONE_NEWUTS | CLONE_NEWIPC))
    note ("unshare: %s", strerror (errno));
  if (mount (NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL))
    note ("private: %s", strerror (errno));
  if (mount ("overlay", "/ov/merged", "overlay", 0,
             "lowerdir=/bin,upperdir=/ov/upper,workdir=/ov/work"))
    note ("overlay: %s", strerror (errno));
  mkdir ("/ov/merged/in", 0755);
  if (mount ("tmpfs", "/ov/merged/in", "tmpfs", 0, NULL))
    note ("tmpfs: %s", strerror (errno));
  if (chroot ("/ov/merged") || chdir ("/"))
    note ("chroot: %s", strerror (errno));
  fd = open ("/busybox", O_RDONLY);
  touch (map (NULL, 4 * PG, PROT_READ | PROT_EXEC, MAP_PRIVATE, fd, 0), 4 * PG);
  fd = mkfile ("/upper.bin", 4 * PG);
  touch (map (NULL, 4 * PG, PROT_READ, MAP_SHARED, fd, 0), 4 * PG);
  fd = mkfile ("/in/tmpfs.bin", 4 * PG);
  touch (map (NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 4 * PG);
}

/* Memory that the kernel gives away by itself, each in another way. Numbers of system calls are the
 * same on all processors. */
static void
kernel_buffers (void)
{
  struct
  {
    unsigned type, size;
    unsigned long long config, period, sample, read, flags;
    unsigned rest[16];
  } perf = { .type = 1, .size = 64 }; /* PERF_TYPE_SOFTWARE, PERF_ATTR_SIZE_VER0 */
  unsigned long aio = 0;
  unsigned ring[30] = { 0 };
  int fd;

  fd = syscall (447, 0); /* memfd_secret */
  if (fd < 0 || ftruncate (fd, 4 * PG))
    note ("memfd_secret: %s", strerror (errno));
  else
    mark (map (NULL, 4 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 3 * PG);
  fd = syscall (SYS_perf_event_open, &perf, 0, -1, -1, 0);
  if (fd < 0)
    note ("perf_event_open: %s", strerror (errno));
  else
    touch (map (NULL, 5 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), 5 * PG);
  if (syscall (SYS_io_setup, 64, &aio))
    note ("io_setup: %s", strerror (errno));
  fd = syscall (425, 8, ring); /* io_uring_setup */
  if (fd < 0)
    note ("io_uring_setup: %s", strerror (errno));
  else
    {
      touch (map (NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), PG);
      touch (map (NULL, PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0x10000000), PG);
    }
}

/* A shared file of huge pages that covers all that one table can: two processes share the table. */
static void
share_table (void)
{
  size_t bytes = (PG / 8) * HP;
  char *at = (char *)(uintptr_t)(64 * (uint64_t)bytes);
  int fd = syscall (SYS_memfd_create, "rigtable", 4); /* MFD_HUGETLB */
  char *p;

  if (sizeof (long) == 4 || fd < 0 || ftruncate (fd, bytes))
    {
      note ("no huge pages: %s", strerror (errno));
      return;
    }
  p = map (at, bytes, PROT_READ | PROT_WRITE,
           MAP_SHARED | MAP_NORESERVE | MAP_FIXED_NOREPLACE, fd, 0);
  if (p)
    mark (p + HP, PG);
}

int
main (int argc, char **argv)
{
  scen = argc > 1 ? argv[1] : "worker";
  { /* the size of a transparent huge page: 2 MiB, or 4 MiB on i386 without PAE */
    char b[32] = "";
    int f = open ("/sys/kernel/mm/transparent_hugepage/hpage_pmd_size", O_RDONLY);
    if (f >= 0)
      {
        if (read (f, b, 31) > 0 && atol (b) > 0)
          HP = atol (b);
        close (f);
      }
  }
  PG = sysconf (_SC_PAGESIZE);
  long n = argc > 2 ? strtol (argv[2], NULL, 0) : 0;
  char name[16];
  snprintf (name, sizeof name, "rl-%s", scen);
  if (strcmp (scen, "worker"))
    prctl (PR_SET_NAME, name);

  if (!strcmp (scen, "worker"))
    {
      anon ((8 + n) * PG);
      char *h = malloc (64 * 1024);
      memset (h, 'w', 64 * 1024);
      done ();
    }
  else if (!strcmp (scen, "cow"))
    {
      char *p = anon (64 * PG);
      for (int i = 0; i < 4; i++)
        if (fork () == 0)
          {
            for (int k = 0; k < i * 4; k++)
              mark (p + k * 3 * PG, PG);
            if (i == 3)
              munmap (p + 40 * PG, 8 * PG);
            done ();
          }
      done ();
    }
  else if (!strcmp (scen, "shfile"))
    {
      int fd = mkfile ("/data/shared.bin", 64 * PG);
      char *p = map (NULL, 48 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, n * 16 * PG);
      touch (p, 48 * PG);
      if (p)
        p[PG * 20 + 100] = 'x';
      done ();
    }
  else if (!strcmp (scen, "shm"))
    {
      int fd = shm_open ("/rigshm", O_RDWR | O_CREAT, 0600);
      if (ftruncate (fd, 32 * PG))
        note ("ftruncate");
      char *p = map (NULL, 32 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      if (n == 0)
        mark (p, 20 * PG);
      else
        touch (p + 4 * PG, 28 * PG);
      done ();
    }
  else if (!strcmp (scen, "huge"))
    {
      char *h = map (NULL, 2 * HP, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
      if (!h)
        {
          h = map (NULL, HP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1,
                   0);
          mark (h, HP);
        }
      else
        mark (h, 2 * HP);
      /* THP: 3 aligned huge pages, one left whole, one split by mprotect of a part,
       * one split by unmapping a part */
      char *r = map (NULL, 5 * HP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (r)
        {
          char *t = (char *)(((uintptr_t)r + HP - 1) & ~(HP - 1));
          madvise (t, 4 * HP, MADV_HUGEPAGE);
          for (int i = 0; i < 3; i++)
            mark (t + i * HP, PG);
          mprotect (t + HP + 16 * PG, 4 * PG, PROT_READ);
          munmap (t + 2 * HP + 256 * PG, 64 * PG);
          mprotect (t, HP, PROT_READ);
          mark (t + 3 * HP, PG);
          mprotect (t + 3 * HP, HP, PROT_NONE); /* a PROT_NONE huge page */
        }
      done ();
    }
  else if (!strcmp (scen, "huge1g"))
    {
      char *h = map (NULL, 1UL << 30, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | (30 << MAP_HUGE_SHIFT), -1, 0);
      if (h)
        {
          mark (h, PG);
          mark (h + (512UL << 20), PG);
        }
      done ();
    }
  else if (!strcmp (scen, "twice"))
    {
      int fd = syscall (SYS_memfd_create, "rigtwice", 0);
      if (ftruncate (fd, 8 * PG))
        note ("ftruncate");
      char *a = map (NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
      char *b = map (NULL, 8 * PG, PROT_READ, MAP_SHARED, fd, 0);
      char *c = map (NULL, 2 * PG, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 4 * PG);
      mark (a, 8 * PG);
      touch (b, 8 * PG);
      touch (c, 2 * PG);
      done ();
    }
  else if (!strcmp (scen, "protnone"))
    {
      char *p = anon (16 * PG);
      mprotect (p + 4 * PG, 8 * PG, PROT_NONE);
      /* never touched PROT_NONE */
      map (NULL, 16 * PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      /* a file page made PROT_NONE */
      int fd = mkfile ("/data/pn.bin", 4 * PG);
      char *f = map (NULL, 4 * PG, PROT_READ, MAP_PRIVATE, fd, 0);
      touch (f, 4 * PG);
      if (f)
        mprotect (f, 2 * PG, PROT_NONE);
      done ();
    }
  else if (!strcmp (scen, "oddfiles"))
    {
      odd_files ();
      done ();
    }
  else if (!strcmp (scen, "container"))
    {
      enter_container ();
      anon (2 * PG);
      done ();
    }
  else if (!strcmp (scen, "buffers"))
    {
      kernel_buffers ();
      done ();
    }
  else if (!strcmp (scen, "sharetable"))
    {
      char *at = (char *)(uintptr_t)(64 * (uint64_t)(PG / 8) * HP);
      share_table ();
      if (fork () == 0 && sizeof (long) == 8)
        touch (at + HP, PG);
      done ();
    }
  else if (!strcmp (scen, "manythreads"))
    {
      pthread_t t;
      for (int i = 0; i < 300; i++)
        pthread_create (&t, NULL, thr, NULL);
      sleep (2);
      done ();
    }
  else if (!strcmp (scen, "marker"))
    {
      char *p = map ((void *)0x51000000UL, 16 * PG, PROT_READ | PROT_WRITE,
                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
      mark (p, 16 * PG);
      if (p && mlock (p, 16 * PG))
        note ("mlock: %s", strerror (errno));
      done ();
    }
  else if (!strcmp (scen, "threads"))
    {
      pthread_t t;
      for (int i = 0; i < 4; i++)
        pthread_create (&t, NULL, thr, NULL);
      usleep (300000);
      done ();
    }
  else if (!strcmp (scen, "deadleader"))
    {
      pthread_t t;
      pthread_create (&t, NULL, thr_ready, NULL);
      anon (5 * PG);
      syscall (SYS_exit, 0); /* only this thread: the leader becomes a zombie */
    }
  else if (!strcmp (scen, "clonevm"))
    {
      char *st = malloc (65536);
      anon (6 * PG);
      clone (clonefn, st + 65536 - 64, CLONE_VM | SIGCHLD, NULL);
      usleep (200000);
      done ();
    }
  else if (!strcmp (scen, "vfork"))
    {
      anon (4 * PG);
      if (vfork () == 0)
        {
          prctl (PR_SET_NAME, "rl-vfork-kid");
          done ();
        }
    }
  else if (!strcmp (scen, "pageout"))
    {
      char *p = anon (512 * PG);
      for (size_t i = 0; p && i < 512; i++)
        memset (p + i * PG + 128, (int)i, 1024);
      if (madvise (p, 400 * PG, MADV_PAGEOUT))
        note ("pageout: %s", strerror (errno));
      touch (p, 8 * PG); /* a few come back by reading: the swap cache too */
      done ();
    }
  else if (!strcmp (scen, "oddname"))
    {
      static const char *nm[]
          = { "a b,c\"d'e;f", "new\nline", "l\xc3\xa4nge\xff\\x", "kthreadd", "fifteen-chars-x", "",
              "=1+1,(x)" };
      prctl (PR_SET_NAME, nm[n % 7]);
      anon (2 * PG);
      done ();
    }
  else if (!strcmp (scen, "zombie"))
    {
      if (fork () == 0)
        _exit (3);
      anon (PG);
      done ();
    }
  else if (!strcmp (scen, "devmap"))
    {
      int fd = open ("/dev/mem", O_RDONLY);
      if (fd >= 0)
        {
          char *p = map (NULL, 4 * PG, PROT_READ, MAP_SHARED, fd, 0xf0000);
          touch (p, 4 * PG);
        }
      for (int i = 1; i < 6; i++)
        {
          char path[96];
          snprintf (path, sizeof path, "/sys/bus/pci/devices/0000:00:%02x.0/resource0", i);
          int r = open (path, O_RDWR);
          if (r < 0)
            continue;
          struct stat st;
          if (fstat (r, &st) == 0 && st.st_size >= (1 << 20))
            {
              char *p = map (NULL, 16 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, r, 0);
              touch (p, 16 * PG);
              note ("mapped %s (%ld bytes)", path, (long)st.st_size);
            }
          close (r);
        }
      done ();
    }
  else if (!strcmp (scen, "high"))
    {
      uint64_t at[] = { 0x10000,
                        0x7ffff7000000ULL,
                        0x7fffffffa000ULL,
                        0x00f0000000000000ULL,
                        0x00ffffffffff0000ULL,
                        0xbf000000 };
      for (size_t i = 0; i < sizeof at / sizeof *at; i++)
        {
          if (sizeof (long) == 4 && at[i] > 0xffffffffULL)
            continue;
          char *p = map ((void *)(uintptr_t)at[i], 3 * PG, PROT_READ | PROT_WRITE,
                         MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
          mark (p, 3 * PG);
          note ("hint %llx got %lx", (unsigned long long)at[i], (unsigned long)p);
        }
      done ();
    }
  else if (!strcmp (scen, "privfile"))
    {
      int fd = mkfile ("/data/priv.bin", 32 * PG);
      char *p = map (NULL, 32 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
      touch (p, 32 * PG);
      mark (p + 8 * PG, 4 * PG);
      /* zero page */
      char *z = map (NULL, 16 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      touch (z, 16 * PG);
      /* huge zero page */
      char *r = map (NULL, 2 * HP, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      if (r)
        {
          char *t = (char *)(((uintptr_t)r + HP - 1) & ~(HP - 1));
          madvise (t, HP, MADV_HUGEPAGE);
          touch (t, PG);
        }
      /* SysV-like anonymous shared memory, inherited by a child */
      char *s = map (NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      mark (s, 8 * PG);
      if (fork () == 0)
        {
          touch (s, 4 * PG);
          done ();
        }
      done ();
    }
  else if (!strcmp (scen, "hwpoison"))
    {
      char *p = anon (4 * PG);
      signal (SIGBUS, onbus); /* 6.12 sends one */
      if (madvise (p + PG, PG, MADV_HWPOISON))
        note ("hwpoison: %s", strerror (errno));
      done ();
    }
  else if (!strcmp (scen, "swapcache"))
    {
      /* paged out, then shared with two children of which one reads some again: these are in the
       * swap cache then, with what was read ahead, and the others' entries name their places */
      char *p = anon (128 * PG);
      if (p && madvise (p, 96 * PG, MADV_PAGEOUT))
        note ("pageout: %s", strerror (errno));
      for (int i = 0; i < 2; i++)
        if (fork () == 0)
          {
            if (i == 0)
              {
                touch (p, 16 * PG);
                touch (p + 48 * PG, PG);
                mark (p + 80 * PG, PG);
              }
            done ();
          }
      done ();
    }
  else if (!strcmp (scen, "migration"))
    {
      char *p = anon (16 * PG);
      char *t = thp ();
      int fd = mkfile ("/data/moving.bin", 8 * PG);
      char *f = map (NULL, 8 * PG, PROT_READ, MAP_SHARED, fd, 0);
      touch (f, 8 * PG);
      fsync (fd);
      if (fork () == 0)
        done ();
      usleep (300000); /* the child reads no more */
      migrate (p + 2 * PG);
      migrate (p + 5 * PG);
      mark (p + 7 * PG, PG);
      migrate (p + 7 * PG);
      migrate (f + 3 * PG);
      if (t)
        migrate (t);
      done ();
    }
  else if (!strcmp (scen, "uffd"))
    {
      int fd = uffd_open ();
      char *p = anon (8 * PG);
      /* shared memory of which half was never there: that leaves marks */
      char *s = map (NULL, 8 * PG, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
      mark (s, 4 * PG);
      uffd_protect (fd, p, 8 * PG);
      uffd_protect (fd, s, 8 * PG);
      if (p && madvise (p + 6 * PG, 2 * PG, MADV_PAGEOUT))
        note ("pageout: %s", strerror (errno));
      done ();
    }
  else if (!strcmp (scen, "ldt"))
    {
#ifdef SYS_modify_ldt
      /* struct user_desc; the second makes the table longer than a page */
      unsigned d[4] = { 3, 0x1000, 0xfffff, 0x51 };
      if (syscall (SYS_modify_ldt, 1, d, sizeof d))
        note ("modify_ldt: %s", strerror (errno));
      d[0] = 1000;
      if (syscall (SYS_modify_ldt, 1, d, sizeof d))
        note ("modify_ldt: %s", strerror (errno));
#endif
      anon (PG);
      done ();
    }
  else if (!strcmp (scen, "ksm"))
    {
      char *p = map (NULL, 32 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
      for (size_t o = 0; p && o < 32 * PG; o++)
        p[o] = (char)(o / PG % 2 + 'a');
      if (madvise (p, 32 * PG, MADV_MERGEABLE))
        note ("mergeable: %s", strerror (errno));
      write_text ("/sys/kernel/mm/ksm/pages_to_scan", "1000");
      write_text ("/sys/kernel/mm/ksm/run", "1");
      for (int i = 0; i < 50 && read_number ("/sys/kernel/mm/ksm/pages_sharing") < 30; i++)
        usleep (100000);
      write_text ("/sys/kernel/mm/ksm/run", "0");
      note ("%ld pages are shared", read_number ("/sys/kernel/mm/ksm/pages_sharing"));
      done ();
    }
  else if (!strcmp (scen, "numahint"))
    {
      /* on the other node, so that the kernel wants to know who uses it */
      unsigned long other = 2;
      if (syscall (SYS_set_mempolicy, 2 /* MPOL_BIND */, &other, 8 * sizeof other))
        note ("set_mempolicy: %s", strerror (errno));
      char *p = anon (64 * PG);
      syscall (SYS_set_mempolicy, 0 /* MPOL_DEFAULT */, NULL, 0);
      time_t end = time (NULL) + 8;
      while (time (NULL) < end)
        sink++;
      mark (p, 2 * PG);
      done ();
    }
  else if (!strcmp (scen, "pidns"))
    {
      if (unshare (CLONE_NEWPID))
        note ("unshare: %s", strerror (errno));
      if (fork () == 0)
        {
          prctl (PR_SET_NAME, "rl-pidns-init");
          anon (3 * PG);
          if (fork () == 0)
            {
              prctl (PR_SET_NAME, "rl-pidns-kid");
              anon (2 * PG);
              done ();
            }
          done ();
        }
      done ();
    }
  else if (!strcmp (scen, "big"))
    {
      /* big NPROC FILEMB PRIVMB COWMB */
      long np = n, fmb = atol (argv[3]), pmb = atol (argv[4]), cmb = atol (argv[5]);
      int fd = mkfile ("/dev/shm/big.bin", (size_t)fmb << 20);
      char *c = map (NULL, (size_t)cmb << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                     -1, 0);
      madvise (c, (size_t)cmb << 20, MADV_NOHUGEPAGE);
      for (size_t o = 0; o < (size_t)cmb << 20; o += PG)
        *(uint64_t *)(c + o) = o;
      for (long i = 0; i < np; i++)
        if (fork () == 0)
          {
            snprintf (name, sizeof name, "big-%ld", i);
            prctl (PR_SET_NAME, name);
            char *p = map (NULL, (size_t)pmb << 20, PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
            if (i % 8)
              madvise (p, (size_t)pmb << 20, MADV_NOHUGEPAGE);
            for (size_t o = 0; o < (size_t)pmb << 20; o += PG)
              ((uint64_t *)(p + o))[0] = (uint64_t)getpid () << 32 | o >> 12;
            map (NULL, (size_t)fmb << 20, PROT_READ, MAP_SHARED | MAP_POPULATE, fd, 0);
            done ();
          }
      done ();
    }
  else
    play_more (scen, n);
  forever ();
  return 0;
}
