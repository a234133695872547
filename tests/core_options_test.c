/* SPDX-License-Identifier: BSD-2-Clause */
/* core_options_test.c - WITNESS_OPTIONS: every option read, every mistake said once and survived.   room: tests */
#define _GNU_SOURCE
#include "core/options.h"
#include "core_fixture.h"

static char said[4096];
static unsigned mistakes_made;

static void
complain(const char *one, const char *two, const char *three, const char *four)
{
	snprintf(said + strlen(said), sizeof(said) - strlen(said), "%s%s%s%s\n", one, two, three, four);
}

static int
no_more(struct wit_arena *arena, size_t need)
{
	(void)arena;
	(void)need;
	return (-ENOMEM);
}

static struct wit_options
parse(const char *text)
{
	static char room[1 << 17] __attribute__((aligned(16)));
	struct wit_arena arena = {.next = room, .end = room + sizeof(room), .grow = no_more};
	struct wit_options options;

	memset(room, 0, sizeof(room));
	said[0] = '\0';
	memset(&options, 0xa5, sizeof(options));
	mistakes_made = wit_options_parse(&options, text, &arena, complain);
	return (options);
}

START_TEST(defaults)
{
	static const char *const nothing[] = {NULL, "", ":", "::::"};
	static const uint8_t none[16];
	struct wit_options o = parse(nothing[_i]);

	ck_assert_str_eq(o.file, "./witness.%n.%p.%r.wit");
	ck_assert_str_eq(o.console, "stderr");
	ck_assert_str_eq(o.observe, "none");
	ck_assert_str_eq(o.state, "");
	ck_assert_uint_eq(o.max_file, 1u << 30);
	ck_assert_mem_eq(o.parent, none, 16);
	ck_assert(o.enabled && !o.all_stacks && !o.write_records);
	ck_assert_str_eq(said, "");
}
END_TEST

START_TEST(each_is_read)
{
	static const uint8_t id[16] = {
	    0x01, 0x23, 0x45, 0x67, 0x89, 0xab, 0xcd, 0xef, 0xfe, 0xdc, 0xba, 0x98, 0x76, 0x54, 0x32, 0x10};
	struct wit_options o =
	    parse("file=/a b/%p:max_file=3M:console=none:observe=vm object,swhash:state=@7:stacks=all:"
		  "sink=write:parent=0123456789abcdefFEDCBA9876543210:enabled=0");

	ck_assert_str_eq(said, "");
	ck_assert_str_eq(o.file, "/a b/%p");
	ck_assert_uint_eq(o.max_file, 3u << 20);
	ck_assert_str_eq(o.console, "none");
	ck_assert_str_eq(o.observe, "vm object,swhash");
	ck_assert_str_eq(o.state, "@7");
	ck_assert_mem_eq(o.parent, id, 16);
	ck_assert(!o.enabled && o.all_stacks && o.write_records);
}
END_TEST

START_TEST(a_backslash_keeps_a_colon)
{
	struct wit_options o = parse("file=a\\:b\\\\c:observe=std\\:\\:mutex");

	ck_assert_str_eq(said, "");
	ck_assert_str_eq(o.file, "a:b\\c");
	ck_assert_str_eq(o.observe, "std::mutex");
}
END_TEST

START_TEST(the_last_word_counts)
{
	ck_assert_str_eq(parse("file=a:file=b=c").file, "b=c");
	ck_assert(parse("enabled=0:enabled=1").enabled);
}
END_TEST

static const struct {
	const char *text;
	uint64_t size; /* 0: refused */
} sizes[] = {{"65536", 65536}, {"64K", 65536}, {"64k", 65536}, {"2m", 2 << 20}, {"4G", (uint64_t)4 << 30},
    {"", 0}, {"K", 0}, {"-1", 0}, {"1T", 0}, {"1KB", 0}, {"0x10", 0}, {"99999999999999999999", 0}};

START_TEST(sizes_are_read)
{
	char text[64];
	struct wit_options o;

	snprintf(text, sizeof(text), "max_file=%s", sizes[_i].text);
	o = parse(text);
	ck_assert_uint_eq(o.max_file, sizes[_i].size != 0 ? sizes[_i].size : (uint64_t)1 << 30);
	snprintf(text, sizeof(text), "option max_file: cannot read %s\n", sizes[_i].text);
	ck_assert_str_eq(said, sizes[_i].size != 0 ? "" : text);
}
END_TEST

static const struct {
	const char *text, *complaint;
} mistakes[] = {
    {"fiel=x", "unknown option fiel; the nearest is file\n"},
    {"console", "option console: cannot read no value\n"},
    {"consol=none", "unknown option consol; the nearest is console\n"},
    {"max-file=1M", "unknown option max-file; the nearest is max_file\n"},
    {"enabled=yes", "option enabled: cannot read yes\n"},
    {"stacks=some", "option stacks: cannot read some\n"},
    {"stacks=deri", "option stacks: cannot read deri\n"},
    {"parent=xyz", "option parent: cannot read xyz\n"},
    {"parent=000000000000000000000000000000001",
	"option parent: cannot read 000000000000000000000000000000001\n"},
    {"a_name_that_is_longer_than_any_option_could_ever_be=1",
	"unknown option a_name_that_is_longer_than_any_option_could_ever_be; the nearest is "},
};

START_TEST(mistakes_are_said_and_ignored)
{
	static const uint8_t none[16];
	struct wit_options o = parse(mistakes[_i].text);

	ck_assert_int_eq(strncmp(said, mistakes[_i].complaint, strlen(mistakes[_i].complaint)), 0);
	ck_assert_ptr_eq(strchr(said, '\n'), said + strlen(said) - 1); /* one line */
	ck_assert_uint_eq(mistakes_made, 1);
	ck_assert_str_eq(o.file, "./witness.%n.%p.%r.wit");
	ck_assert_str_eq(o.console, "stderr");
	ck_assert_uint_eq(o.max_file, 1u << 30);
	ck_assert_mem_eq(o.parent, none, 16);
	ck_assert(o.enabled && !o.all_stacks);
}
END_TEST

START_TEST(each_mistake_is_counted)
{
	struct wit_options o = parse("enabled=2:fiel=x:console=none:stacks");

	ck_assert_uint_eq(mistakes_made, 3);
	ck_assert_str_eq(said, "option enabled: cannot read 2\nunknown option fiel; the nearest is file\n"
			       "option stacks: cannot read no value\n");
	ck_assert_str_eq(o.console, "none");
	parse("console=none");
	ck_assert_uint_eq(mistakes_made, 0);
}
END_TEST

/* What is quoted is read as it was, whatever stands after it. */
START_TEST(quoted_is_read_again)
{
	static const char *const values[] = {
	    "", "plain", "a:b", "\\", "\\:", ":\\", "a\\\\", "::", "x=y:console=none"};
	char text[128];

	for (size_t i = 0; i < sizeof(values) / sizeof(values[0]); i++) {
		char *end = wit_options_quote(stpcpy(text, "file="), values[i]);

		ck_assert_uint_le((size_t)(end - text), 5 + 2 * strlen(values[i]));
		strcpy(end, ":observe=all");
		ck_assert_str_eq(parse(text).file, values[i]);
		ck_assert_str_eq(parse(text).observe, "all");
		ck_assert_str_eq(parse(text).console, "stderr");
		ck_assert_uint_eq(mistakes_made, 0);
	}
}
END_TEST

static void
add(TCase *tc)
{
	tcase_add_loop_test(tc, defaults, 0, 4);
	tcase_add_test(tc, each_is_read);
	tcase_add_test(tc, a_backslash_keeps_a_colon);
	tcase_add_test(tc, the_last_word_counts);
	tcase_add_loop_test(tc, sizes_are_read, 0, sizeof(sizes) / sizeof(sizes[0]));
	tcase_add_loop_test(tc, mistakes_are_said_and_ignored, 0, sizeof(mistakes) / sizeof(mistakes[0]));
	tcase_add_test(tc, each_mistake_is_counted);
	tcase_add_test(tc, quoted_is_read_again);
}

int
main(void)
{
	return (run_tests("core: options", add));
}
