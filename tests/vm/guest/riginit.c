/* SPDX-License-Identifier: LGPL-2.1-or-later
 * Copyright 2026 The pas2vas authors */

/* riginit: pid 1 of the measuring guest; starts the load, freezes it, and has a
 * child write the ground truth to the raw disk given by rig.out= (O_DIRECT).
 *
 * Stream format, repeated records, each a text line then that many bytes:
 *   F <len> <name>\n<len bytes>            a piece of a file (pieces append)
 *   P <pid> <va> <n>\n<n * 8 bytes>        n consecutive /proc/PID/pagemap words
 *   E 0 end\n
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <poll.h>

static char cmdline[4096];
static int con = 1;

static void
say (const char *fmt, ...)
{
  char b[512];
  va_list ap;
  va_start (ap, fmt);
  int n = vsnprintf (b, sizeof b, fmt, ap);
  va_end (ap);
  if (n > (int)sizeof b)
    n = sizeof b;
  if (write (con, b, n) < 0)
    {
    }
}
static const char *
opt (const char *key, const char *def)
{
  static char v[8][256];
  static int k;
  char *p = cmdline;
  size_t l = strlen (key);
  while ((p = strstr (p, key)))
    {
      if (p[l] == '=')
        {
          char *o = v[k++ & 7];
          size_t i = 0;
          for (p += l + 1; *p && !isspace ((unsigned char)*p) && i < 255; p++)
            o[i++] = *p;
          o[i] = 0;
          return o;
        }
      p += l;
    }
  return def;
}
static void
put (const char *path, const char *s)
{
  int fd = open (path, O_WRONLY);
  if (fd < 0)
    return;
  if (write (fd, s, strlen (s)) < 0)
    say ("rig: write %s: %s\n", path, strerror (errno));
  close (fd);
}
static void
mods (const char *list)
{
  FILE *f = fopen (list, "r");
  char l[256];
  if (!f)
    return;
  while (fgets (l, sizeof l, f))
    {
      l[strcspn (l, "\n")] = 0;
      int fd = open (l, O_RDONLY);
      if (fd < 0 || syscall (SYS_finit_module, fd, "", 0))
        if (errno != EEXIST)
          say ("rig: module %s: %s\n", l, strerror (errno));
      if (fd >= 0)
        close (fd);
    }
  fclose (f);
}

/* ---- output ---- */
#define OB (1 << 20)
static char *ob;
static size_t on;
static uint64_t opos;
static int ofd = -1;
static void
oflush (int last)
{
  size_t n = on;
  if (last)
    {
      while (n & 4095)
        ob[n++] = 0;
    }
  if (n && pwrite (ofd, ob, n, opos) != (ssize_t)n)
    say ("rig: truth write: %s\n", strerror (errno));
  opos += n;
  on = 0;
}
static void
out (const void *p, size_t n)
{
  const char *s = p;
  while (n)
    {
      size_t k = OB - on < n ? OB - on : n;
      memcpy (ob + on, s, k);
      on += k;
      s += k;
      n -= k;
      if (on == OB)
        oflush (0);
    }
}
static void
outf (const char *fmt, ...)
{
  char b[512];
  va_list ap;
  va_start (ap, fmt);
  int n = vsnprintf (b, sizeof b, fmt, ap);
  va_end (ap);
  out (b, n);
}
static char fb[65536];
static void
cat (const char *path, const char *name)
{
  int fd = open (path, O_RDONLY);
  if (fd < 0)
    return;
  ssize_t n;
  while ((n = read (fd, fb, sizeof fb)) > 0)
    {
      outf ("F %zd %s\n", n, name);
      out (fb, n);
    }
  close (fd);
}

static uint64_t
fnv (uint64_t h, const void *p, size_t n)
{
  const unsigned char *s = p;
  while (n--)
    {
      h ^= *s++;
      h *= 0x100000001b3ULL;
    }
  return h;
}
#define PMN 8192
static uint64_t pm[PMN];
static uint64_t page_bytes = 4096;
static char mapsbuf[4 << 20];
/* returns a hash of all interesting entries; writes them if emit */
static uint64_t
pagemap (const char *base, int pid, int emit, uint64_t *npresent)
{
  char path[128];
  uint64_t h = 0xcbf29ce484222325ULL;
  snprintf (path, sizeof path, "%s/maps", base);
  int mf = open (path, O_RDONLY);
  if (mf < 0)
    return h;
  size_t len = 0;
  ssize_t r;
  while (len < sizeof mapsbuf - 1 && (r = read (mf, mapsbuf + len, sizeof mapsbuf - 1 - len)) > 0)
    len += r;
  close (mf);
  mapsbuf[len] = 0;
  h = fnv (h, mapsbuf, len);
  snprintf (path, sizeof path, "%s/pagemap", base);
  int pf = open (path, O_RDONLY);
  if (pf < 0)
    return h;
  for (char *l = mapsbuf; l && *l; l = strchr (l, '\n'), l = l ? l + 1 : l)
    {
      unsigned long long s, e;
      if (sscanf (l, "%llx-%llx", &s, &e) != 2)
        continue;
      for (uint64_t va = s; va < e; va += PMN * page_bytes)
        {
          uint64_t want = (e - va) / page_bytes;
          if (want > PMN)
            want = PMN;
          ssize_t g = pread64 (pf, pm, want * 8, (off64_t)(va / page_bytes * 8));
          if (g <= 0)
            break;
          uint64_t n = g / 8;
          for (uint64_t i = 0; i < n;)
            {
              if (!(pm[i] >> 62))
                {
                  i++;
                  continue;
                }
              uint64_t j = i;
              while (j < n && pm[j] >> 62)
                {
                  if (pm[j] >> 63)
                    ++*npresent;
                  j++;
                }
              uint64_t at = va + i * page_bytes;
              h = fnv (h, &at, 8);
              h = fnv (h, pm + i, (j - i) * 8);
              if (emit)
                {
                  outf ("P %d %llx %llu\n", pid, (unsigned long long)at,
                        (unsigned long long)(j - i));
                  out (pm + i, (j - i) * 8);
                }
              i = j;
            }
          if (n < want)
            break;
        }
    }
  close (pf);
  return h;
}
#define MAXP 4096
static int pids[MAXP], npids;
static uint64_t hash[MAXP];
static int tids[MAXP];
static int
list (const char *dir, int *v)
{
  DIR *d = opendir (dir);
  struct dirent *e;
  int n = 0;
  if (!d)
    return 0;
  while ((e = readdir (d)) && n < MAXP)
    if (isdigit ((unsigned char)e->d_name[0]))
      v[n++] = atoi (e->d_name);
  closedir (d);
  for (int i = 1; i < n; i++)
    for (int j = i; j && v[j - 1] > v[j]; j--)
      {
        int t = v[j];
        v[j] = v[j - 1];
        v[j - 1] = t;
      }
  return n;
}
/* the directory to read a process's memory through: a living thread of it */
static void
base_of (int pid, char *b, size_t n)
{
  char p[128], c;
  snprintf (b, n, "/proc/%d", pid);
  snprintf (p, sizeof p, "%s/maps", b);
  int fd = open (p, O_RDONLY);
  if (fd >= 0 && read (fd, &c, 1) == 1)
    {
      close (fd);
      return;
    }
  if (fd >= 0)
    close (fd);
  snprintf (p, sizeof p, "/proc/%d/task", pid);
  int k = list (p, tids);
  for (int i = 0; i < k; i++)
    {
      snprintf (p, sizeof p, "/proc/%d/task/%d/maps", pid, tids[i]);
      fd = open (p, O_RDONLY);
      if (fd >= 0 && read (fd, &c, 1) == 1)
        {
          close (fd);
          snprintf (b, n, "/proc/%d/task/%d", pid, tids[i]);
          return;
        }
      if (fd >= 0)
        close (fd);
    }
}
static void
dump (void)
{
  const char *dev = opt ("rig.out", "/dev/vdb");
  char p[160], nm[160], b[128];
  ofd = open (dev, O_WRONLY | O_DIRECT);
  if (ofd < 0)
    {
      say ("rig: open %s: %s\n", dev, strerror (errno));
      return;
    }
  ob = mmap (NULL, OB + 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memset (ob, 1, OB);
  memset (pm, 1, sizeof pm);
  memset (fb, 1, sizeof fb);
  outf ("F %d dumper\n%d\n", snprintf (p, sizeof p, "%d\n", getpid ()), getpid ());
  page_bytes = sysconf (_SC_PAGESIZE);
  outf ("F %d pagesize\n%s", snprintf (p, sizeof p, "%d\n", (int)page_bytes), p);
  static const char *files[] = { "/proc/version",
                                 "/proc/cmdline",
                                 "/proc/iomem",
                                 "/proc/meminfo",
                                 "/proc/cpuinfo",
                                 "/proc/modules",
                                 "/proc/swaps",
                                 "/proc/mounts",
                                 "/proc/sys/kernel/osrelease",
                                 "/proc/rigtruth",
                                 "/sys/kernel/vmcoreinfo",
                                 "/proc/kallsyms",
                                 "/proc/zoneinfo",
                                 "/proc/filesystems",
                                 "/proc/buddyinfo",
                                 "/sys/kernel/mm/transparent_hugepage/enabled",
                                 "/sys/devices/system/cpu/vulnerabilities/meltdown",
                                 "/sys/devices/system/cpu/vulnerabilities/l1tf" };
  for (size_t i = 0; i < sizeof files / sizeof *files; i++)
    cat (files[i], files[i] + 1);
  npids = list ("/proc", pids);
  uint64_t tot = 0;
  for (int i = 0; i < npids; i++)
    {
      static const char *pf[] = { "stat", "status", "cmdline", "maps", "smaps", "comm", "statm" };
      snprintf (p, sizeof p, "/proc/%d/task", pids[i]);
      int k = list (p, tids);
      base_of (pids[i], b, sizeof b);
      for (size_t j = 0; j < sizeof pf / sizeof *pf; j++)
        {
          if (!strcmp (pf[j], "smaps") && !strcmp (opt ("rig.load", "std"), "big"))
            continue;
          int mem = pf[j][0] == 'm' || !strncmp (pf[j], "sma", 3);
          snprintf (p, sizeof p, "%.100s/%s", mem ? b : ({
                      snprintf (nm, sizeof nm, "/proc/%d", pids[i]);
                      nm;
                    }),
                    pf[j]);
          char nm2[64];
          snprintf (nm2, sizeof nm2, "proc/%d/%s", pids[i], pf[j]);
          cat (p, nm2);
        }
      for (int j = 0; k > 1 && j < k; j++)
        {
          snprintf (p, sizeof p, "/proc/%d/task/%d/stat", pids[i], tids[j]);
          snprintf (nm, sizeof nm, "proc/%d/task/%d/stat", pids[i], tids[j]);
          cat (p, nm);
        }
      base_of (pids[i], b, sizeof b);
      hash[i] = pagemap (b, pids[i], 1, &tot);
    }
  cat ("/proc/kpagecount", "proc/kpagecount");
  cat ("/proc/kpageflags", "proc/kpageflags");
  /* second pass: is it still so? */
  int diff = 0;
  for (int i = 0; i < npids; i++)
    {
      uint64_t t2 = 0;
      if (pids[i] == getpid ())
        continue;
      base_of (pids[i], b, sizeof b);
      uint64_t h = pagemap (b, pids[i], 0, &t2);
      int same = h == hash[i];
      snprintf (p, sizeof p, "/proc/%d", pids[i]);
      int gone = access (p, F_OK);
      if (!same)
        {
          diff++;
          say ("rig: pid %d changed between passes\n", pids[i]);
        }
      outf ("F %d verify\n%s",
            snprintf (nm, sizeof nm, "%d\t%s\n", pids[i],
                      gone ? "GONE" : same ? "same" : "CHANGED"), nm);
    }
  if (list ("/proc", tids) != npids)
    {
      say ("rig: number of processes changed\n");
      diff++;
    }
  outf ("E 0 end\n");
  oflush (1);
  say ("RIG-DUMPED procs=%d present=%llu changed=%d bytes=%llu\n", npids, (unsigned long long)tot,
       diff, (unsigned long long)opos);
}

static int rp[2];
static int nready;
static void
waitready (int want, int secs)
{
  static char b[65536];
  static size_t n;
  time_t end = time (NULL) + secs;
  while (nready < want)
    {
      struct pollfd pf = { rp[0], POLLIN, 0 };
      if (time (NULL) > end)
        {
          say ("rig: only %d of %d ready\n", nready, want);
          return;
        }
      if (poll (&pf, 1, 500) <= 0)
        continue;
      ssize_t r = read (rp[0], b + n, sizeof b - n);
      if (r <= 0)
        return;
      n += r;
      char *s = b, *e;
      while ((e = memchr (s, '\n', b + n - s)))
        {
          *e = 0;
          if (*s == 'R')
            nready++;
          else
            say ("rig: note %s\n", s);
          s = e + 1;
        }
      n -= s - b;
      memmove (b, s, n);
    }
}
static int
spawn (char *const av[])
{
  int pid = fork ();
  if (pid == 0)
    {
      int nul = open ("/dev/null", O_RDWR);
      dup2 (nul, 0);
      dup2 (rp[1], 3);
      for (int i = 4; i < 64; i++)
        close (i);
      execv (av[0], av);
      say ("rig: exec %s: %s\n", av[0], strerror (errno));
      _exit (127);
    }
  return pid;
}
struct sc
{
  const char *line;
  int want;
  const char *only;
};
#define GIGANTIC "/sys/kernel/mm/hugepages/hugepages-1048576kB/nr_hugepages"
#define MEDIUM "/sys/kernel/mm/transparent_hugepage/hugepages-64kB"
static const struct sc std[] = { { "/bin/busybox sleep 10000000", 0, 0 },
                                 { "/bin/busybox sleep 10000001", 0, 0 },
                                 { "/bin/busybox sleep 10000002", 0, 0 },
                                 { "/bin/busybox tail -f /dev/null", 0, 0 },
                                 { "/bin/busybox cat /fifo", 0, 0 },
                                 { "/bin/rigload worker 0", 1, 0 },
                                 { "/bin/rigload worker 7", 1, 0 },
                                 { "/bin/rigload worker 40", 1, 0 },
                                 { "/bin/rigload cow", 5, 0 },
                                 { "/bin/rigload shfile 0", 1, 0 },
                                 { "/bin/rigload shfile 1", 1, 0 },
                                 { "/bin/rigload shm 0", 1, 0 },
                                 { "/bin/rigload shm 1", 1, 0 },
                                 { "/bin/rigload huge", 1, 0 },
                                 { "/bin/rigload twice", 1, 0 },
                                 { "/bin/rigload protnone", 1, 0 },
                                 { "/bin/rigload marker", 1, 0 },
                                 { "/bin/rigload threads", 1, 0 },
                                 { "/bin/rigload deadleader", 1, 0 },
                                 { "/bin/rigload clonevm", 2, 0 },
                                 { "/bin/rigload vfork", 1, 0 },
                                 { "/bin/rigload pageout", 1, 0 },
                                 { "/bin/rigload oddname 0", 1, 0 },
                                 { "/bin/rigload oddname 1", 1, 0 },
                                 { "/bin/rigload oddname 2", 1, 0 },
                                 { "/bin/rigload oddname 3", 1, 0 },
                                 { "/bin/rigload oddname 4", 1, 0 },
                                 { "/bin/rigload oddname 5", 1, 0 },
                                 { "/bin/rigload oddname 6", 1, 0 },
                                 { "/bin/rigload zombie", 1, 0 },
                                 { "/bin/rigload devmap", 1, 0 },
                                 { "/bin/rigload high", 1, 0 },
                                 { "/bin/rigload privfile", 2, 0 },
                                 { "/bin/rigload pidns", 3, 0 },
                                 { "/bin/rigload oddfiles", 1, 0 },
                                 { "/bin/rigload container", 1, 0 },
                                 { "/bin/rigload buffers", 1, 0 },
                                 { "/bin/rigload sharetable", 2, 0 },
                                 { "/bin/rigload manythreads", 1, 0 },
                                 { "/bin/rigload hwpoison", 1, 0 },
                                 { "/bin/rigload swapcache", 3, 0 },
                                 { "/bin/rigload migration", 2, "/proc/rigmigrate" },
                                 { "/bin/rigload uffd", 1, 0 },
                                 { "/bin/rigload ldt", 1, 0 },
                                 { "/bin/rigload ksm", 1, "/sys/kernel/mm/ksm/run" },
                                 { "/bin/rigload numahint", 1, "/sys/devices/system/node/node1" },
                                 { "/bin/rigload32 worker 3", 1, "/bin/rigload32" },
                                 { "/bin/rigload32 high", 1, "/bin/rigload32" },
                                 { 0, 0, 0 } };
static const struct sc tiny[]
    = { { "/bin/rigload worker 0", 1, 0 },  { "/bin/rigload worker 7", 1, 0 },
        { "/bin/rigload cow", 5, 0 },       { "/bin/rigload shfile 0", 1, 0 },
        { "/bin/rigload shfile 1", 1, 0 },  { "/bin/rigload twice", 1, 0 },
        { "/bin/rigload protnone", 1, 0 },  { "/bin/rigload marker", 1, 0 },
        { "/bin/rigload threads", 1, 0 },   { "/bin/rigload deadleader", 1, 0 },
        { "/bin/rigload clonevm", 2, 0 },   { "/bin/rigload oddname 0", 1, 0 },
        { "/bin/rigload oddname 2", 1, 0 }, { "/bin/rigload zombie", 1, 0 },
        { "/bin/rigload huge", 1, 0 },      { 0, 0, 0 } };

static const struct sc more[] = { { "/bin/rigload marker", 1, 0 },
                                  { "/bin/rigload hugetables 0", 1, 0 },
                                  { "/bin/rigload hugetables 1", 1, 0 },
                                  { "/bin/rigload hugetables 2", 1, 0 },
                                  { "/bin/rigload hugetables 3", 1, 0 },
                                  { "/bin/rigload hugecow", 2, 0 },
                                  { "/bin/rigload gigantic", 2, GIGANTIC },
                                  { "/bin/rigload hugeshmem", 2, 0 },
                                  { "/bin/rigload hugefile", 1, 0 },
                                  { "/bin/rigload hugesplit", 2, 0 },
                                  { "/bin/rigload medium", 2, MEDIUM "/enabled" },
                                  { "/bin/rigload merge", 4, "/sys/kernel/mm/ksm/run" },
                                  { "/bin/rigload telloff", 2, 0 },
                                  { "/bin/rigload compress", 1, 0 },
                                  { "/bin/rigload move", 1, 0 },
                                  { "/bin/rigload protect 0", 2, 0 },
                                  { "/bin/rigload protect 1", 2, 0 },
                                  { "/bin/rigload sources", 2, 0 },
                                  { "/bin/rigload devices", 1, 0 },
                                  { "/bin/rigload names", 1, 0 },
                                  { "/bin/rigload mounts", 3, 0 },
                                  { "/bin/rigload threads2k", 1, 0 },
                                  { "/bin/rigload areas30k", 1, 0 },
                                  { "/bin/rigload polled", 1, 0 },
                                  { "/bin/rigload traced", 2, 0 },
                                  { "/bin/rigload exec", 2, 0 },
                                  { "/bin/rigload core", 2, 0 },
                                  { "/bin/rigload kept", 1, 0 },
                                  { "/bin/rigload heapmoved", 1, 0 },
                                  { "/bin/rigload ends", 1, 0 },
                                  { "/bin/rigload keys", 1, 0 },
                                  { "/bin/rigload32 worker 3", 1, "/bin/rigload32" },
                                  { "/bin/rigload32 threads", 1, "/bin/rigload32" },
                                  { "/bin/rigload32 ends", 1, "/bin/rigload32" },
                                  { "/bin/rigload32 heapmoved", 1, "/bin/rigload32" },
                                  { "/bin/rigload32 move", 1, "/bin/rigload32" },
                                  { "/bin/rigload32 polled", 1, "/bin/rigload32" },
                                  { 0, 0, 0 } };

/* mkswap and swapon by hand */
static void
swap_on (const char *path, size_t bytes)
{
  static char page[65536];
  size_t page_size = sysconf (_SC_PAGESIZE);
  unsigned *u = (unsigned *)(page + 1024);
  int fd = open (path, O_RDWR | O_CREAT, 0600);
  struct stat st;
  for (size_t o = 0; fd >= 0 && fstat (fd, &st) == 0 && S_ISREG (st.st_mode) && o < bytes;
       o += sizeof page)
    if (pwrite (fd, page, sizeof page, o) != (ssize_t)sizeof page)
      say ("rig: %s: %s\n", path, strerror (errno));
  u[0] = 1;
  u[1] = bytes / page_size - 1;
  u[2] = 0;
  memcpy (page + page_size - 10, "SWAPSPACE2", 10);
  if (pwrite (fd, page, page_size, 0) != (ssize_t)page_size)
    say ("rig: mkswap %s\n", path);
  fsync (fd);
  close (fd);
  memset (page, 0, sizeof page);
  if (swapon (path, SWAP_FLAG_PREFER | 5))
    say ("rig: swapon %s: %s\n", path, strerror (errno));
}

int
main (void)
{
  mkdir ("/proc", 0755);
  mkdir ("/sys", 0755);
  mkdir ("/dev", 0755);
  mount ("proc", "/proc", "proc", 0, NULL);
  mount ("sysfs", "/sys", "sysfs", 0, NULL);
  mount ("devtmpfs", "/dev", "devtmpfs", 0, NULL);
  int fd = open ("/dev/console", O_RDWR);
  if (fd >= 0)
    {
      dup2 (fd, 0);
      dup2 (fd, 1);
      dup2 (fd, 2);
      if (fd > 2)
        close (fd);
    }
  fd = open ("/proc/cmdline", O_RDONLY);
  if (fd >= 0)
    {
      ssize_t n = read (fd, cmdline, sizeof cmdline - 1);
      (void)n;
      close (fd);
    }
  say ("rig: init\n");
  put ("/proc/sys/kernel/printk", "4 4 1 4");
  mods ("/mods/list");
  const char *root = opt ("rig.root", "");
  if (*root)
    {
      mkdir ("/r", 0755);
      if (mount (root, "/r", "ext4", 0, NULL))
        say ("rig: mount %s: %s\n", root, strerror (errno));
      else
        {
          mkdir ("/r/proc", 0755);
          mkdir ("/r/sys", 0755);
          mkdir ("/r/dev", 0755);
          mount ("/proc", "/r/proc", NULL, MS_MOVE, NULL);
          mount ("/sys", "/r/sys", NULL, MS_MOVE, NULL);
          mount ("/dev", "/r/dev", NULL, MS_MOVE, NULL);
          if (chdir ("/r") || mount (".", "/", NULL, MS_MOVE, NULL) || chroot (".") || chdir ("/"))
            say ("rig: chroot: %s\n", strerror (errno));
        }
    }
  mkdir ("/dev/shm", 01777);
  mkdir ("/data", 0755);
  mkdir ("/tmp", 0755);
  mkfifo ("/fifo", 0600);
  mount ("tmpfs", "/dev/shm", "tmpfs", 0, "size=90%");
  put ("/sys/block/zram0/disksize", "33554432");
  if (access ("/dev/zram0", F_OK) == 0)
    swap_on ("/dev/zram0", 33554432);
  /* a second one, on the disk, that takes its turn */
  if (*root)
    swap_on ("/swapfile", 4 << 20);
  put ("/proc/sys/vm/nr_hugepages", opt ("rig.huge", "4"));
  put ("/sys/kernel/mm/transparent_hugepage/enabled", opt ("rig.thp", "madvise"));
  put ("/sys/kernel/mm/transparent_hugepage/khugepaged/scan_sleep_millisecs", "100000000");
  put ("/proc/sys/vm/compaction_proactiveness", "0");
  put ("/sys/kernel/mm/ksm/run", "0");
  if (pipe2 (rp, O_CLOEXEC))
    say ("rig: pipe\n");

  const char *load = opt ("rig.load", "std");
  int want = 0;
  const struct sc *s = !strcmp (load, "tiny") ? tiny : !strcmp (load, "more") ? more : std;
  for (; s->line; s++)
    {
      if (s->only && access (s->only, F_OK))
        continue;
      if (strstr (opt ("rig.skip", "-"), strrchr (s->line, '/') + 1))
        continue;
      char l[256], *av[12];
      int n = 0;
      strcpy (l, s->line);
      for (char *t = strtok (l, " "); t && n < 11; t = strtok (NULL, " "))
        av[n++] = t;
      av[n] = 0;
      if (n > 1 && strstr (opt ("rig.skip", "-"), av[1]))
        continue;
      spawn (av);
      want += s->want;
      waitready (want, 60);
      want = nready; /* not to wait for what has failed again and again */
    }
  if (!strcmp (load, "big"))
    {
      char a[4][16], *av[] = { "/bin/rigload", "big", a[0], a[1], a[2], a[3], 0 };
      if (sscanf (opt ("rig.big", "150:200:16:32"), "%15[0-9]:%15[0-9]:%15[0-9]:%15[0-9]", a[0],
                  a[1], a[2], a[3])
          != 4)
        say ("rig.big?\n");
      spawn (av);
      want += atoi (a[0]) + 1;
      char *hv[] = { "/bin/rigload", "huge1g", 0 };
      spawn (hv);
      want++;
      waitready (want, 1500);
    }
  say ("rig: %d ready\n", nready);
  sleep (2);
  put ("/sys/kernel/mm/transparent_hugepage/enabled", "never");
  sync ();
  /* freeze */
  npids = list ("/proc", pids);
  int self = getpid ();
  for (int i = 0; i < npids; i++)
    {
      char p[64], b[1024];
      snprintf (p, sizeof p, "/proc/%d/stat", pids[i]);
      int f = open (p, O_RDONLY);
      if (f < 0)
        continue;
      ssize_t n = read (f, b, sizeof b - 1);
      close (f);
      if (n <= 0)
        continue;
      b[n] = 0;
      char *e = strrchr (b, ')');
      unsigned fl = 0;
      if (e)
        sscanf (e + 2, "%*c %*d %*d %*d %*d %*d %u", &fl);
      if (fl & 0x200000 || pids[i] == self)
        continue;
      kill (pids[i], SIGSTOP);
    }
  sleep (1);
  int d = fork ();
  if (d == 0)
    {
      dump ();
      say ("RIG-READY\n");
      for (;;)
        pause ();
    }
  for (;;)
    {
      /* after the truth: rig.after= names a module list to load on a key press (LiME) */
      char c[64];
      ssize_t n = read (0, c, sizeof c - 1);
      if (n <= 0)
        {
          for (;;)
            pause ();
        }
      c[n] = 0;
      if (c[0] == 'l')
        {
          int f = open ("/mods/lime.ko", O_RDONLY);
          if (f < 0)
            f = open ("/lib/lime.ko", O_RDONLY);
          char par[256];
          snprintf (par, sizeof par, "%s", opt ("rig.lime", "path=/dev/vdc,format=lime"));
          for (char *q = par; *q; q++)
            if (*q == ',')
              *q = ' ';
          int r = syscall (SYS_finit_module, f, par, 0);
          (void)r;
          say ("RIG-LIME %s\n", r ? strerror (errno) : "done");
        }
    }
}
