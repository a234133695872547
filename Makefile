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
OWN_CFLAGS := -std=gnu11 $(WARN) -pthread -fno-omit-frame-pointer -ffile-prefix-map=$(CURDIR)/=./ \
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
$(corpus_OBJ): ROOM_CFLAGS := -Icorpus -Iwitness -ffile-prefix-map=corpus/= -fno-strict-aliasing
$(report_OBJ): ROOM_CFLAGS := -Ireport -Iwitness $(shell pkg-config --cflags sqlite3 libgvc jansson 2>/dev/null)
report_LIBS := $(shell pkg-config --libs sqlite3 libgvc jansson 2>/dev/null) -ldw -lelf

SONAME := libwitness.so.1
LIBWITNESS := $(BUILD)/lib/$(SONAME)
LIBCORE := $(BUILD)/lib/libwitcore.a

.PHONY: core live corpus report all
core: $(LIBCORE)
live: $(LIBWITNESS) $(BUILD)/lib/libwitness.a
corpus: $(BUILD)/bin/witness-corpus
report: $(BUILD)/bin/witness
all: core live corpus report

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(CFLAGS) $(OWN_CFLAGS) $(ROOM_CFLAGS) -c -o $@ $<

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

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
