# Witness.  One Makefile for the whole house; non-recursive; everything it makes lies in $(BUILD).
#
#   make demo     the main job, from nothing          make check    every test
#   make bench    [BENCH=suite] the measurements      make deps     install what the build needs
#   make CC=clang   make SAN=address|undefined|thread   (each keeps a build folder of its own)

.DEFAULT_GOAL := all
SHELL := /bin/bash
VERSION := 0.1.0
SAN ?=
comma := ,
BUILD ?= build$(if $(filter clang%,$(CC)),-clang)$(if $(SAN),-$(subst $(comma),-,$(SAN)))
PREFIX ?= /usr/local
DESTDIR ?=

WARN := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Werror
CFLAGS ?= -O2 -g
OWN_CFLAGS := -std=gnu11 $(WARN) -pthread -fno-omit-frame-pointer '-ffile-prefix-map=$(CURDIR)/=./' \
	-MMD -MP $(if $(SAN),-fsanitize=$(SAN) -fno-sanitize-recover=all)
LDFLAGS += $(if $(SAN),-fsanitize=$(SAN))

core_SRC := $(wildcard witness/core/*.c)
live_SRC := $(wildcard witness/live/*.c)
corpus_SRC := $(wildcard corpus/*/*.c)
report_SRC := $(wildcard report/*.c)
obj = $(1:%.c=$(BUILD)/obj/%.o)
core_OBJ := $(call obj,$(core_SRC))
live_OBJ := $(call obj,$(live_SRC))
corpus_OBJ := $(call obj,$(corpus_SRC))
report_OBJ := $(call obj,$(report_SRC))

# What a room may see is also what it is compiled with: `make rooms` checks the rest.
$(core_OBJ): ROOM_CFLAGS := -fPIC -fvisibility=hidden -Iwitness
$(live_OBJ): ROOM_CFLAGS := -fPIC -fvisibility=hidden -fexceptions -ftls-model=initial-exec -Iwitness
$(corpus_OBJ): ROOM_CFLAGS := -Icorpus -Iwitness -ffile-prefix-map=corpus/= -fno-strict-aliasing -fno-optimize-sibling-calls
$(report_OBJ): ROOM_CFLAGS := -Ireport -Iwitness $(shell pkg-config --cflags sqlite3 libgvc jansson libzstd 2>/dev/null)
report_LIBS := $(shell pkg-config --libs sqlite3 libgvc jansson libzstd 2>/dev/null) -ldw -lelf

SONAME := libwitness.so.1
LIBWITNESS := $(BUILD)/lib/$(SONAME)
LIBCORE := $(BUILD)/lib/libwitcore.a

.PHONY: all core live corpus report tests demo check check-all unit e2e sanitized headers rooms format format-check \
	bench mutants soak deps deps-demo deps-check install clean
core: $(LIBCORE)
live: $(LIBWITNESS) $(BUILD)/lib/libwitness.a
corpus: $(BUILD)/bin/witness-corpus
report: $(BUILD)/bin/witness
all: core live corpus report

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OWN_CFLAGS) $(ROOM_CFLAGS) -c -o $@ $<

$(BUILD)/obj/report/store_schema.o: report/schema.sql

$(LIBCORE): $(core_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(BUILD)/lib/libwitness.a: $(core_OBJ) $(live_OBJ)
	@mkdir -p $(@D)
	@rm -f $@
	$(AR) rcs $@ $^

$(LIBWITNESS): $(core_OBJ) $(live_OBJ)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -shared -Wl,-soname,$(SONAME) -Wl,-z,defs -Wl,-z,initfirst -pthread -o $@ $^ -lgcc_s
	@ln -sf $(SONAME) $(BUILD)/lib/libwitness.so

$(BUILD)/bin/witness-corpus: $(corpus_OBJ) $(LIBWITNESS)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -pthread -rdynamic -Wl,-rpath,'$$ORIGIN/../lib' -o $@ $(corpus_OBJ) -L$(BUILD)/lib -lwitness -lm

$(BUILD)/bin/witness: $(report_OBJ) $(LIBCORE)
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(LDFLAGS) -pthread -o $@ $(report_OBJ) $(LIBCORE) $(report_LIBS)

# ---- packages --------------------------------------------------------------------------------

DEPS_DEMO := gcc libc6-dev pkg-config libsqlite3-dev libgraphviz-dev libdw-dev libelf-dev libjansson-dev libzstd-dev
DEPS_CHECK := $(DEPS_DEMO) g++ clang check clang-format-14 binutils
deps-demo:
	@bash tests/deps.sh $(DEPS_DEMO)
deps deps-check:
	@bash tests/deps.sh $(DEPS_CHECK)

# ---- the two README commands: set-up, then a second make that sees what was set up --------------

demo: deps-demo
	@$(MAKE) --no-print-directory -s -j2 corpus report
	@BUILD=$(BUILD) bash tests/demo.sh

check: deps-check
	@$(MAKE) --no-print-directory -s check-all

# ---- tests -------------------------------------------------------------------------------------

# tests/ROOM_TOPIC_test.c is a Check program, linked with what its room is; tests/e2e/*.c are helpers of the scripts.
test_SRC := $(wildcard tests/*_test.c)
test_BIN := $(test_SRC:tests/%.c=$(BUILD)/tests/%)
e2e_BIN := $(patsubst tests/%.c,$(BUILD)/tests/%,$(wildcard tests/e2e/*.c))
CHECK_LIBS = $(shell pkg-config --libs check)
test_CC = @mkdir -p $(@D) && $(CC) $(CFLAGS) $(OWN_CFLAGS) $(LDFLAGS) -fno-strict-aliasing \
	-I. -Itests -Iwitness -Icorpus -Ireport $(shell pkg-config --cflags check sqlite3 libgvc jansson) -o $@ $<

$(BUILD)/tests/core_%: tests/core_%.c $(LIBCORE)
	$(test_CC) $(LIBCORE) $(CHECK_LIBS)
$(BUILD)/tests/live_%: tests/live_%.c $(BUILD)/lib/libwitness.a
	$(test_CC) $(BUILD)/lib/libwitness.a $(CHECK_LIBS) -lgcc_s
$(BUILD)/tests/corpus_%: tests/corpus_%.c $(corpus_OBJ) $(LIBWITNESS)
	$(test_CC) $(filter-out %/scenario/main.o,$(corpus_OBJ)) -rdynamic -Wl,-rpath,'$$ORIGIN/../lib' -L$(BUILD)/lib -lwitness $(CHECK_LIBS)
$(BUILD)/tests/report_%: tests/report_%.c $(report_OBJ) $(LIBCORE)
	$(test_CC) $(filter-out %/main.o,$(report_OBJ)) $(LIBCORE) $(report_LIBS) $(CHECK_LIBS)
$(BUILD)/tests/e2e/%: tests/e2e/%.c $(LIBCORE)
	$(test_CC) $(LIBCORE)

tests: $(test_BIN) $(e2e_BIN)

unit: $(test_BIN)
	@bash tests/run.sh $(BUILD) $(test_BIN)

e2e: all $(e2e_BIN)
	@bash tests/run.sh $(BUILD) $(wildcard tests/e2e/*.sh)

# The planted ABBA goes first: is the tool alive at all?  Every suite found must run; one count closes it all.
check-all:
	@$(MAKE) --no-print-directory -s -j2 all tests
	@$(BUILD)/tests/core_alive_test >/dev/null || { echo "the planted reversal was not seen" >&2; exit 1; }
	@$(MAKE) --no-print-directory -s -j2 rooms headers format-check
	@$(MAKE) --no-print-directory -s -j2 CC=clang BUILD=$(BUILD)-clang all
	@$(MAKE) --no-print-directory -s -j2 SAN=address,undefined BUILD=$(BUILD)-san sanitized
	@bash tests/run.sh $(BUILD) $(test_BIN) $(sanitized_RUN) tests/mutants.sh $(wildcard tests/e2e/*.sh)

# The pure parts, under the sanitizers.  (Made with SAN set; run by check-all.)
sanitized_TESTS := $(filter tests/core_% tests/corpus_blist_%,$(test_SRC))
sanitized: $(sanitized_TESTS:tests/%.c=$(BUILD)/tests/%)
sanitized_RUN := $(sanitized_TESTS:tests/%.c=$(BUILD)-san/tests/%)

# Every header compiles alone; those that are installed in C++ too.
headers:
	@for h in $(wildcard witness/*.h witness/*/*.h corpus/*/*.h report/*.h); do \
		echo "#include \"$$h\"" | $(CC) -std=gnu11 $(filter-out -Wmissing-prototypes,$(WARN)) -I. -Iwitness -Icorpus -Ireport \
			-fsyntax-only -x c - || { echo "$$h does not stand alone" >&2; exit 1; }; done
	@for stub in '' -DWITNESS_STUB; do echo '#include "witness.h"' | \
		$(CXX) -std=c++11 -Wall -Wextra -Werror -pedantic $$stub -Iwitness -fsyntax-only -x c++ - || exit 1; done

rooms: core live
	@bash tests/rooms.sh
	@bash tests/symbols.sh $(BUILD)

own_SRC := $(wildcard witness/*.h witness/*/*.[ch] corpus/*/*.[ch] analyzer/*.[ch] report/*.[ch] tests/*.[ch] tests/*/*.[ch])
format:
	clang-format-14 -i $(own_SRC)
format-check:
	@clang-format-14 --dry-run -Werror $(own_SRC) || { echo "make format mends this" >&2; exit 1; }

mutants: core
	@bash tests/mutants.sh all

# The long forms of the suites of make check: the same scripts, larger numbers.
soak: all tests
	@SOAK=1 bash tests/run.sh $(BUILD) $(test_BIN) $(wildcard tests/e2e/*.sh)

# ---- measurements: BENCH=suite for one ------------------------------------------------------------

BENCH ?= $(filter-out stub,$(patsubst tests/bench/%.c,%,$(wildcard tests/bench/*.c)))
bench: $(BENCH:%=$(BUILD)/bench/%)
	@for suite in $(BENCH); do $(BUILD)/bench/$$suite $(BUILD)/bench/$$suite.json || exit 1; done
$(BUILD)/bench/%: tests/bench/%.c $(BUILD)/obj/tests/bench/stub.o $(BUILD)/lib/libwitness.a
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OWN_CFLAGS) $(LDFLAGS) -Itests -Iwitness -o $@ $< $(BUILD)/obj/tests/bench/stub.o \
		$(BUILD)/lib/libwitness.a -lgcc_s
$(BUILD)/obj/tests/bench/stub.o: ROOM_CFLAGS := -Itests -Iwitness

# ---- installing ----------------------------------------------------------------------------------

install: all
	install -d $(DESTDIR)$(PREFIX)/{bin,lib/pkgconfig,include}
	install -m 755 $(BUILD)/bin/witness $(BUILD)/bin/witness-corpus $(DESTDIR)$(PREFIX)/bin/
	install -m 755 $(LIBWITNESS) $(DESTDIR)$(PREFIX)/lib/
	ln -sf $(SONAME) $(DESTDIR)$(PREFIX)/lib/libwitness.so
	install -m 644 $(BUILD)/lib/libwitness.a $(DESTDIR)$(PREFIX)/lib/
	install -m 644 witness/witness.h $(DESTDIR)$(PREFIX)/include/
	printf '%s\n' 'prefix=$(PREFIX)' 'libdir=$${prefix}/lib' 'includedir=$${prefix}/include' '' 'Name: witness' \
		'Description: lock-order verification' 'Version: $(VERSION)' 'Libs: -L$${libdir} -lwitness' \
		'Libs.private: -pthread -lgcc_s' 'Cflags: -I$${includedir}' >$(DESTDIR)$(PREFIX)/lib/pkgconfig/witness.pc

clean:
	rm -rf build build-clang build-san build-address build-undefined build-thread build-address-undefined

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
