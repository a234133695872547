/* SPDX-License-Identifier: BSD-2-Clause */
/*
 * sink.c - the run file as it is being written.
 *
 * F1 Records lie in one window on the file, whose address range is reserved at
 *    the start and never moves: what must be updated in place keeps its address.
 *    Space is given out by one addition, in granules of 32 bytes.
 * F2 The file is allocated before it is written: a megabyte ahead, and touched,
 *    so that neither a full disk (SIGBUS) nor RLIMIT_FSIZE (SIGXFSZ) is met by a
 *    store.  Where the file system cannot allocate, zeroes are written ahead and each
 *    record is written by pwrite(2), from a copy in memory (sink=write does so too).
 * F3 When no more can be had the sink is full, for good.  The last page was kept
 *    back: the lost record goes there at once, is counted up in place, and
 *    totals and end follow it.
 * F4 The descriptor is a high one and is compared with the file's identity
 *    before each use: a program that closes all it knows must not find its own
 *    file, opened since under that number, extended by us.
 * F5 A clean end cuts the file to its used length.  Nothing is put after that.
 */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "live/live.h"
#include "live/sys.h"
#include "live/text.h"

#define PAGE ((uint64_t)4096)
#define AHEAD ((uint64_t)1 << 20)
#define KEPT_BACK PAGE
#define HIGH_FD 1000
#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

static struct {
	int fd;
	dev_t dev;
	ino_t ino;
	char path[4096];
	char *base; /* of the window; NULL: no file */
	uint64_t room; /* of the window, and of the file */
	_Atomic uint64_t used; /* given out */
	uint64_t mapped; /* allocated, and in the window */
	uint64_t tail; /* when full: where the kept back space begins to be used */
	char *lost_at; /* the lost record's place */
	uint64_t lost, lost_since, lost_told;
	bool full, last, closed, write;
} sink = {.fd = -1};

static uint64_t
now_ns(void)
{
	struct timespec now = {0, 0};

	wit_sys(SYS_clock_gettime, CLOCK_REALTIME, &now);
	return ((uint64_t)now.tv_sec * 1000000000u + (uint64_t)now.tv_nsec);
}

/* ---- the file ---- */

/* Raises the descriptor out of the program's way. */
static int
raise_fd(int fd)
{
	struct rlimit limit = {0, 0};
	long high = HIGH_FD, got;

	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur <= HIGH_FD)
		high = (long)limit.rlim_cur - 8;
	got = high > fd ? wit_sys(SYS_fcntl, fd, F_DUPFD_CLOEXEC, high) : -1;
	if (got < 0)
		return (fd);
	wit_sys(SYS_close, fd);
	return ((int)got);
}

/* F4: our descriptor, opened again by its path if need be; or -EBADF. */
static int
file(void)
{
	struct stat st;
	int fd;

	if (sink.fd >= 0 && fstat(sink.fd, &st) == 0 && st.st_dev == sink.dev && st.st_ino == sink.ino)
		return (sink.fd);
	sink.fd = -1;
	fd = (int)wit_sys(SYS_openat, AT_FDCWD, sink.path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	if (fd < 0)
		return (-EBADF);
	if (fstat(fd, &st) != 0 || st.st_dev != sink.dev || st.st_ino != sink.ino) {
		wit_sys(SYS_close, fd);
		return (-EBADF);
	}
	sink.fd = raise_fd(fd);
	return (sink.fd);
}

/* The highest length that the process may give a file now. */
static uint64_t
allowed(void)
{
	struct rlimit limit;

	if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY ||
	    limit.rlim_cur > sink.room)
		return (sink.room);
	return (limit.rlim_cur);
}

static int
write_at(int fd, const char *from, uint64_t n, uint64_t at)
{
	while (n > 0) {
		const long done = wit_sys(SYS_pwrite64, fd, from, n, at);

		if (done == -EINTR)
			continue;
		if (done <= 0)
			return (done < 0 ? (int)done : -ENOSPC);
		from += done;
		at += (uint64_t)done;
		n -= (uint64_t)done;
	}
	return (0);
}

/* n more bytes of the file, allocated: 0 or -errno. */
static int
allocate(int fd, uint64_t n)
{
	int error = sink.write ? -EOPNOTSUPP : (int)wit_sys(SYS_fallocate, fd, 0, sink.mapped, n);

	if (error != -EOPNOTSUPP && error != -ENOSYS)
		return (error);
	if (!sink.write) {
		/* From memory in the same place on; what is mapped already stays mapped. */
		void *rest = mmap(sink.base + sink.mapped, sink.room - sink.mapped, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0);

		if (rest == MAP_FAILED)
			return (-ENOMEM);
		sink.write = true;
	}
	return (
	    write_at(fd, sink.base + sink.mapped, n, sink.mapped)); /* zeroes: nothing was put there yet */
}

static int
extend_by(uint64_t n)
{
	const int fd = file();
	int error = fd < 0 ? fd : allocate(fd, n);
	void *at;

	if (error != 0)
		return (error);
	if (!sink.write) {
		at = mmap(sink.base + sink.mapped, n, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
		    (off_t)sink.mapped);
		if (at == MAP_FAILED)
			return (-ENOMEM);
		madvise(at, n, MADV_POPULATE_WRITE); /* a kernel without it: touched by the stores */
	}
	sink.mapped += n;
	return (0);
}

/* The window reaches to `end` and the kept back page: a megabyte more, or what is still to be had. */
static bool
extend(uint64_t end)
{
	const uint64_t limit = allowed() & ~(PAGE - 1);
	const uint64_t need = (end + KEPT_BACK + PAGE - 1) & ~(PAGE - 1);
	uint64_t step;

	if (sink.full || need > limit)
		return (false);
	step = limit - sink.mapped < AHEAD ? limit - sink.mapped : AHEAD;
	while (sink.mapped < need) {
		const uint64_t least = need - sink.mapped;

		if (step < least)
			step = least;
		if (extend_by(step) == 0)
			continue;
		if (step == least)
			return (false);
		step = (step / 8) & ~(PAGE - 1);
	}
	return (true);
}

/* ---- records ---- */

/* All but the commit word, then the commit word. */
static void *
place(uint64_t at, const void *record, size_t length)
{
	char *to = sink.base + at;
	struct wit_rec *head = (struct wit_rec *)to;
	int fd;

	if (sink.write) {
		memcpy(to, record, length);
		if (allowed() < at + length || (fd = file()) < 0 || write_at(fd, to, length, at) != 0)
			return (NULL);
		return (to);
	}
	__atomic_exchange_n(&head->commit, 0, __ATOMIC_ACQ_REL); /* before all that follows */
	memcpy(to, record, offsetof(struct wit_rec, commit));
	memcpy(to + sizeof(*head), (const char *)record + sizeof(*head), length - sizeof(*head));
	__atomic_store_n(&head->commit, WIT_REC_COMMIT, __ATOMIC_RELEASE);
	return (to);
}

static size_t
lost_record(char *buffer, size_t room, uint64_t count, uint64_t since, const char *what)
{
	const struct wit_rec_lost lost = {.count = count, .since_ns = since};
	struct wit_rec_builder b;

	wit_runfile_begin(&b, buffer, room);
	wit_runfile_put(&b, &lost, sizeof(lost));
	wit_runfile_put_string(&b, what);
	return (wit_runfile_finish(&b, WIT_REC_LOST, 0));
}

/* F3: (again) the lost record, in its place. */
static void
tell_lost(void)
{
	char buffer[64];
	const size_t n = lost_record(buffer, sizeof(buffer), sink.lost, sink.lost_since, "records");

	if (sink.lost_at == NULL) {
		sink.lost_at = sink.base + sink.tail;
		sink.tail += wit_runfile_space(n - sizeof(struct wit_rec));
	}
	place((uint64_t)(sink.lost_at - sink.base), buffer, n);
	sink.lost_told = sink.lost;
}

/* One more is lost.  Told at once, then whenever the number has doubled, and at the end. */
static void
lose(uint64_t at)
{
	if (sink.lost++ == 0)
		sink.lost_since = now_ns();
	if (sink.base == NULL)
		return;
	if (!sink.full) {
		sink.full = true;
		sink.tail = at;
	}
	if (sink.lost >= 2 * sink.lost_told)
		tell_lost();
}

/* Into the page that was kept back. */
static void *
put_last(const void *record, size_t length, size_t space)
{
	uint64_t at;

	if (!sink.full) {
		sink.full = true;
		sink.tail = atomic_load(&sink.used);
	}
	at = sink.tail;
	if (at + space > sink.mapped)
		return (NULL);
	sink.tail += space;
	return (place(at, record, length));
}

void *
wit_sink_put(void *owner, const void *record, size_t length)
{
	const size_t space = wit_runfile_space(length - sizeof(struct wit_rec));
	const struct wit_rec *head = record;
	uint64_t at;
	void *where;

	(void)owner;
	WIT_ASSERT_ENGINE();
	if (head->type == WIT_REC_ALARM)
		wit_console_alarm(record, length);
	if (sink.closed)
		return (NULL);
	if (sink.last && sink.base != NULL)
		return (put_last(record, length, space));
	if (sink.base == NULL || sink.full) {
		lose(0);
		return (NULL);
	}
	at = atomic_fetch_add_explicit(&sink.used, space, memory_order_relaxed);
	if ((at + space + KEPT_BACK > sink.mapped && !extend(at + space)) ||
	    (where = place(at, record, length)) == NULL) {
		lose(at);
		return (NULL);
	}
	return (where);
}

/* ---- open and close ---- */

static void
expand(struct wit_text *out, const char *pattern)
{
	const char *program = strrchr(wit_process.program, '/');
	char cwd[2048];

	if (*pattern != '/' && wit_sys(SYS_getcwd, cwd, sizeof(cwd)) > 1) {
		wit_text_put(out, cwd);
		wit_text_put(out, "/");
	}
	for (; *pattern != '\0'; pattern++) {
		if (*pattern != '%') {
			wit_text_char(out, *pattern);
			continue;
		}
		switch (*++pattern) {
		case 'p':
			wit_text_number(out, wit_process.pid);
			break;
		case 'n':
			wit_text_put(out, program != NULL ? program + 1 : "program");
			break;
		case 'r':
			wit_text_put(out, wit_process.run_hex);
			break;
		case '\0':
			return;
		default:
			wit_text_char(out, *pattern);
		}
	}
}

/* Reserves the window: as much address space as the file may need, or what there is. */
static bool
reserve(void)
{
	for (sink.room = wit_process.options.max_file & ~(PAGE - 1); sink.room >= 4 * PAGE; sink.room /= 2) {
		void *at = mmap(NULL, sink.room, sink.write ? PROT_READ | PROT_WRITE : PROT_NONE,
		    MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);

		sink.room &= ~(PAGE - 1);
		if (at != MAP_FAILED) {
			sink.base = at;
			return (true);
		}
	}
	return (false);
}

/* argv, from the kernel's copy, split into at most `most` strings. */
static int
read_argv(char *text, size_t room, char *argv[], int most)
{
	long fd = wit_sys(SYS_openat, AT_FDCWD, "/proc/self/cmdline", O_RDONLY | O_CLOEXEC);
	long have = fd < 0 ? 0 : wit_sys(SYS_read, fd, text, room - 1);
	int argc = 0;

	if (fd >= 0)
		wit_sys(SYS_close, fd);
	have = have > 0 ? have : 0;
	text[have] = '\0';
	for (char *at = text; at < text + have && argc < most; at += strlen(at) + 1)
		argv[argc++] = at;
	return (argc);
}

static void
put_header(void)
{
	struct wit_runfile_header fields;
	static char text[WIT_RUNFILE_HEADER], header[WIT_RUNFILE_HEADER];
	static char *argv[256];
	const int argc = read_argv(text, sizeof(text), argv, 256);

	memset(&fields, 0, sizeof(fields));
	fields.kind = WIT_RUN_RUNTIME;
	memcpy(fields.run_id, wit_process.run_id, sizeof(fields.run_id));
	memcpy(fields.parent_run_id, wit_process.options.parent, sizeof(fields.parent_run_id));
	fields.started_ns = now_ns();
	fields.pid = wit_process.pid;
	memccpy(fields.program, wit_process.program, '\0', sizeof(fields.program) - 1);
	wit_runfile_header(header, &fields, argc, argv);
	memcpy(sink.base, header, sizeof(header));
	if (sink.write)
		write_at(sink.fd, header, sizeof(header), 0);
}

static int
open_file(void)
{
	struct wit_text out = {.at = sink.path, .end = sink.path + sizeof(sink.path) - 1};
	struct stat st;
	int fd;

	expand(&out, wit_process.options.file);
	*out.at = '\0';
	fd = (int)wit_sys(
	    SYS_openat, AT_FDCWD, sink.path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return (fd);
	sink.fd = raise_fd(fd);
	if (fstat(sink.fd, &st) != 0)
		return (-EBADF);
	sink.dev = st.st_dev;
	sink.ino = st.st_ino;
	return (0);
}

int
wit_sink_open(void)
{
	int error = open_file();

	if (error != 0) {
		wit_console_complain("cannot make the run file ", sink.path, ": ", strerrordesc_np(-error));
		return (error);
	}
	sink.write = wit_process.options.write_records;
	if (!reserve() || !extend(WIT_RUNFILE_HEADER)) {
		wit_console_complain("no room for the run file ", sink.path, ": nothing is recorded", "");
		sink.base = NULL;
		return (-ENOSPC);
	}
	atomic_store(&sink.used, WIT_RUNFILE_HEADER);
	put_header();
	return (0);
}

void
wit_sink_last(void)
{
	sink.last = true;
}

static void
put_end(uint32_t threads, uint64_t lost)
{
	const struct wit_rec_end end = {
	    .how = WIT_END_EXIT, .threads = threads, .ended_ns = now_ns(), .lost = lost};
	char buffer[64];
	struct wit_rec_builder b;

	wit_runfile_begin(&b, buffer, sizeof(buffer));
	wit_runfile_put(&b, &end, sizeof(end));
	wit_sink_put(NULL, buffer, wit_runfile_finish(&b, WIT_REC_END, 0));
}

void
wit_sink_close(uint32_t threads, uint64_t engine_lost, uint64_t forks)
{
	char buffer[96];
	int fd;

	if (sink.base == NULL || sink.closed)
		return;
	if (sink.lost != sink.lost_told)
		tell_lost();
	if (engine_lost != 0)
		wit_sink_put(
		    NULL, buffer, lost_record(buffer, sizeof(buffer), engine_lost, now_ns(), "memory"));
	if (forks != 0)
		wit_sink_put(NULL, buffer,
		    lost_record(buffer, sizeof(buffer), forks, now_ns(), "processes forked, not followed"));
	put_end(threads, sink.lost + engine_lost + forks);
	sink.closed = true;
	fd = file();
	if (sink.write && fd >= 0 && allowed() >= sink.tail) /* words that were updated in place */
		write_at(fd, sink.base, sink.tail, 0);
	if (fd >= 0)
		wit_sys(SYS_ftruncate, fd, sink.tail);
}
