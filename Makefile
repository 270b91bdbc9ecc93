# C10K Bench.
#
#   make               build everything into build/release
#   make test          build and run every test; ends with "N passed, N failed"
#   make SAN=address   build with the address and undefined-behaviour sanitizers into build/address
#   make SAN=thread    build with the thread sanitizer into build/thread
#   make fuzz          let clang's libFuzzer look for bytes that break a reader, for ten minutes
#   make CC=clang V=1  another compiler, which builds all again, as other CFLAGS do; show the commands
#   make lint          let clang-tidy and cppcheck look for mistakes in all C files: two minutes of CPU time
#   make format        let clang-format decide the spaces
#   make install       the programs that stand alone into PREFIX/bin, as c10k-load, c10k-gate,
#                      c10k-server-MODEL [PREFIX=/usr/local; DESTDIR for packagers]; uninstall
#   make clean         remove build/
#
# All rules are here: make need not try its own on every file, which takes longer than all else where nothing is to be built.
MAKEFLAGS += --no-builtin-rules

# A model is a file in servers/.  Libraries that only one model needs go here.
MODELS        := $(basename $(notdir $(wildcard servers/*.c)))
LIBS_libuv    := -luv
LIBS_io_uring := -luring
# Of the live demo, and of TLS in the load client.
LIBS_demo      := -lncursesw
LIBS_tls       := -lssl -lcrypto

# A kind of experiment is a folder in harness/kinds: in C if it has a measure.c, which is linked as measure-NAME; else a script.
KINDS         := $(sort $(patsubst harness/kinds/%/,%,$(dir $(wildcard harness/kinds/*/measure.c harness/kinds/*/measure.sh))))
KINDS_IN_C    := $(patsubst harness/kinds/%/measure.c,%,$(wildcard harness/kinds/*/measure.c))
KEYS          := $(wildcard harness/kinds/*/keys.tsv) harness/measure/keys.tsv

comma   := ,
SAN     ?=
BUILD   ?= build/$(or $(SAN),release)
$(if $(word 2,$(BUILD)),$(error BUILD is "$(BUILD)", and make knows no names with blanks: choose another folder))
CFLAGS  ?= -O2 -g
CC      := $(if $(filter default,$(origin CC)),$(if $(filter fuzz,$(SAN)),clang,gcc),$(CC))

# Ours are apart from CFLAGS, so that what a user gives adds and never removes.
WARNINGS := -Wall -Wextra -Wshadow -Wconversion
SANITIZE := $(if $(filter address,$(SAN)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)\
            $(if $(filter thread,$(SAN)),-fsanitize=thread)\
            $(if $(filter fuzz,$(SAN)),-fsanitize=fuzzer-no-link$(comma)address$(comma)undefined -fno-sanitize-recover=all)
OURS     := -std=c17 -D_GNU_SOURCE $(WARNINGS) -I. -MMD -MP -pthread $(SANITIZE)
# Every program works with a stack of 64 KiB (ulimit -s); sanitizers and tests take more.
FRAMES    = $(if $(SAN)$(filter tests/%,$<),,-Wframe-larger-than=20000)
Q        := $(if $(V),,@)
ECHO     ?= echo

# These would change what the compiler finds, and no record would name them; CC, CFLAGS and LDFLAGS are recorded.
AMBIENT  := CPATH C_INCLUDE_PATH LIBRARY_PATH LD_RUN_PATH GCC_EXEC_PREFIX COMPILER_PATH DEPENDENCIES_OUTPUT \
            SUNPRO_DEPENDENCIES CCC_OVERRIDE_OPTIONS BASH_ENV ENV CDPATH GREP_OPTIONS GREP_COLORS
unexport $(AMBIENT)
without_ambient := env $(addprefix -u ,$(AMBIENT))

objects   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))

# Warnings are shown and kept, a file for each object and program: `make test` finds those of an earlier build, too.
KEPT      = $(BUILD)/warnings/$(subst /,_,$(@:$(BUILD)/%=%))
KEEP      = 2>$(KEPT); status=$$?; [ ! -s $(KEPT) ] || cat $(KEPT) >&2; exit $$status

COMMON   := $(BUILD)/libcommon.a
SHARED   := $(filter-out %/server_main.o,$(call objects,common/*.c))
LOAD     := $(BUILD)/libload.a
HARNESS  := $(BUILD)/libharness.a
GATE     := $(call objects,harness/gate/*.c)
DEMO     := $(call objects,harness/demo/*.c)
LIARS    := $(basename $(notdir $(wildcard tests/liars/*.c)))
TOOLS    := bare_client bare_server second_client weather without_io_uring hostile
# All that the fuzzers reach, and no more, because sanitizers compile slowly; the linker names what is missing here.
REACHED   = $(addprefix $(BUILD)/common/,costs.o die.o net.o number.o plain.o whole.o) \
            $(addprefix $(BUILD)/clients/,connection.o message.o $(if $(NO_TLS),tls_none.o,tls.o)) \
            $(call objects,harness/measure/conf*.c) \
            $(addprefix $(BUILD)/harness/,measure/columns.o measure/columns_file.o $(addprefix fleet/,child.o keeper.o limits.o load_link.o process.o said.o user.o) \
            $(addprefix probes/,probe_tree.o proc_file.o))
FUZZERS  := $(basename $(notdir $(wildcard tests/fuzz/fuzz_*.c)))
UNITS    := $(basename $(notdir $(wildcard tests/test_*.c)))

# A model whose library is missing is left out, with a word; the others still build.  One link shows that none is missing; only
# if it fails, each is tried.  Where nothing can be linked, as with a TMPDIR that is not there, nothing is left out.  A library of
# nothing is linked: it needs no source to be compiled, and each call of make waits for this.
links     = $(shell $(without_ambient) $(CC) -shared -o /dev/null $(or $(1),-lc) 2>/dev/null && echo yes)
ALL_LINK := $(call links,$(foreach model,$(MODELS) demo tls,$(LIBS_$(model))))
missing   = $(if $(ALL_LINK),,$(if $(LIBS_$(1)),$(if $(call links,$(LIBS_$(1))),,$(if $(call links),$(1)))))
MISSING  := $(strip $(foreach model,$(MODELS),$(call missing,$(model))))
$(foreach model,$(MISSING),$(info Leaving out the model $(model): $(LIBS_$(model)) is not installed))
SERVERS  := $(addprefix $(BUILD)/server-,$(filter-out $(MISSING),$(MODELS)))

# So is the demo; without OpenSSL the load client speaks no TLS.
NO_DEMO  := $(strip $(call missing,demo))
$(if $(NO_DEMO),$(info Leaving out the live demo: $(LIBS_demo) is not installed))
NO_TLS   := $(strip $(call missing,tls))
$(if $(NO_TLS),$(info Leaving out TLS: $(LIBS_tls) is not installed))
LIBS_load := $(if $(NO_TLS),,$(LIBS_tls))

# What objects and programs depend on beside their sources.  harness/machine/machine_info.sh tells of it what built a run's programs.
define BUILT_WITH
compiler: $(shell $(without_ambient) $(CC) --version 2>/dev/null | head -n 1)
CC: $(CC)
CFLAGS: $(CFLAGS)
LDFLAGS: $(LDFLAGS)
TLS: $(if $(NO_TLS),no,yes)
OURS: $(OURS)
endef
BUILT_WITH := $(BUILT_WITH)
STAMP    := $(BUILD)/built_with.txt

# Programs of single kinds, and the rules that make them.
KIND_PROGRAMS :=
KIND_SERVERS  :=
.DEFAULT_GOAL := all
-include $(wildcard harness/kinds/*/kind.mk)

MEASURES := $(addprefix $(BUILD)/measure-,$(KINDS_IN_C))
PROGRAMS := $(SERVERS) $(MEASURES) $(addprefix $(BUILD)/,load check_conf row gate start switch_cost ready_cost witness hello $(KIND_PROGRAMS)) \
            $(if $(NO_DEMO),,$(BUILD)/demo)

.PHONY: all programs servers tools objects fuzzers test lint fuzz format install uninstall clean FORCE
all: programs
programs: $(PROGRAMS)
# With SAN=address or SAN=thread: what the tests run so, all that must bear any client.
servers: $(SERVERS) $(addprefix $(BUILD)/,$(KIND_SERVERS))
# What only the tests need: liars, units, the bare loops of both ends, a second opinion on latency,
# a kernel without io_uring.
tools: $(addprefix $(BUILD)/liar-,$(LIARS)) $(addprefix $(BUILD)/,$(UNITS)) \
       $(addprefix $(BUILD)/,$(TOOLS))

# What these are made of, without linking: for the warnings of another compiler.
objects: $(filter-out $(MISSING:%=$(BUILD)/servers/%.o) $(if $(NO_DEMO),$(DEMO)) $(if $(NO_TLS),%/tls.o), \
         $(call objects,$(addsuffix /*.c,common clients harness/* harness/*/* harness/*/*/* servers tests tests/liars tests/liars/*)))

# With SAN=fuzz.  The last one is a control: it must find what is broken.
fuzzers: $(addprefix $(BUILD)/,$(FUZZERS)) $(BUILD)/control_costs

# Written only when it changes, so that nothing is built again for nothing.
ifneq ($(file <$(STAMP)),$(BUILT_WITH))
$(STAMP): FORCE
endif
$(STAMP): export WRITTEN := $(BUILT_WITH)
$(STAMP):
	$(Q)mkdir -p $(@D) && printf '%s\n' "$$WRITTEN" >$@

# Archives, so that a program holds only what it calls.
$(COMMON): $(SHARED)
$(LOAD): $(filter-out %/load.o %/load_options.o $(if $(NO_TLS),%/tls.o,%/tls_none.o),$(call objects,clients/*.c))
$(HARNESS): $(filter-out %/measure_main.o,$(call objects,$(addprefix harness/,$(addsuffix /*.c,fleet probes measure))))
$(BUILD)/libreached.a: $(REACHED)
$(COMMON) $(LOAD) $(HARNESS) $(BUILD)/libreached.a:
	@$(ECHO) "  AR  $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/server-%: $(BUILD)/servers/%.o $(BUILD)/common/server_main.o $(COMMON)
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_$*) $(KEEP)

$(foreach kind,$(KINDS_IN_C),$(eval $(BUILD)/measure-$(kind): $(call objects,harness/kinds/$(kind)/*.c)))
$(BUILD)/measure-%: $(BUILD)/harness/measure/measure_main.o $(HARNESS) $(COMMON)
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lm $(KEEP)

$(BUILD)/liar-%: $(BUILD)/tests/liars/%.o $(BUILD)/common/server_main.o $(COMMON)
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm $(KEEP)

$(BUILD)/load: $(BUILD)/clients/load.o $(BUILD)/clients/load_options.o $(LOAD) $(COMMON)
# Only what reads an experiment: built in a second, before all else.
$(BUILD)/check_conf: $(call objects,harness/measure/check_conf/*.c harness/measure/conf*.c) \
                      $(addprefix $(BUILD)/common/,die.o number.o options.o output.o plain.o program.o whole.o)
$(BUILD)/row: $(BUILD)/harness/measure/row/row.o $(HARNESS) $(COMMON)
$(BUILD)/gate: $(GATE) $(HARNESS) $(COMMON)
$(BUILD)/switch_cost: $(BUILD)/harness/machine/switch/switch_cost.o $(COMMON)
$(BUILD)/ready_cost: $(BUILD)/harness/machine/ready/ready_cost.o $(COMMON)
$(BUILD)/witness: $(BUILD)/harness/machine/witness/witness.o $(HARNESS) $(COMMON)
$(BUILD)/start: $(BUILD)/harness/fleet/start/start.o $(HARNESS) $(COMMON)
$(BUILD)/hello: $(BUILD)/harness/trace/hello.o $(COMMON)
$(BUILD)/demo: $(DEMO) $(HARNESS) $(COMMON)
$(addprefix $(BUILD)/,$(TOOLS)): $(BUILD)/%: $(BUILD)/tests/%.o $(COMMON)
$(addprefix $(BUILD)/,$(KIND_PROGRAMS) load check_conf row gate start switch_cost ready_cost witness hello demo $(TOOLS)):
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm $(LIBS_$(@F)) $(KEEP)

# By LD_PRELOAD, one call of the C library fails: for tests/faults.sh.
$(BUILD)/faults.so: $(wildcard tests/faults/*.[ch]) Makefile
	@$(ECHO) "  LD  $@"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OURS) $(CFLAGS) -fPIC -fno-builtin -shared -o $@ $(filter %.c,$^)

# All of the demo that can be tried without a terminal.
$(BUILD)/test_demo $(BUILD)/test_stage: $(filter-out %/demo.o %/screen.o,$(DEMO))
$(BUILD)/test_peer: $(BUILD)/harness/gate/peer.o
# Of one kind: with all of its folder but what defines `kind`.
$(foreach kind,$(KINDS_IN_C),$(eval $(BUILD)/test_kind_$(kind): $(filter-out %/measure.o,$(call objects,harness/kinds/$(kind)/*.c))))
$(BUILD)/test_models: | $(SERVERS)
$(BUILD)/test_%: $(BUILD)/tests/test_%.o $(LOAD) $(HARNESS) $(COMMON)
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) -lcmocka -lm $(LIBS_load) $(KEEP)

$(BUILD)/fuzz_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/libreached.a
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ -lm $(LIBS_load) $(KEEP)

$(BUILD)/control_%: $(BUILD)/tests/fuzz/fuzz_%.o $(BUILD)/tests/fuzz/broken_%.o
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -fsanitize=fuzzer -o $@ $^ $(KEEP)

# The C library has no names for the numbers of system calls: here they are, from its own header.
$(BUILD)/harness/probes/call_names.inc: Makefile $(STAMP)
	$(Q)mkdir -p $(@D)
	$(Q)echo '#include <sys/syscall.h>' | $(CC) -E -dM - | grep -v __NR_syscalls | \
	    sed -n 's/^#define __NR_\([a-z0-9_]*\) .*/[__NR_\1] = "\1",/p' | sort >$@.new && \
	    test -s $@.new && mv $@.new $@
$(BUILD)/harness/probes/probe_calls.o: $(BUILD)/harness/probes/call_names.inc
$(BUILD)/harness/probes/probe_calls.o: OURS += -I$(BUILD)

# Which kinds there are, and their keys.  Both are made again when a folder comes or goes.
LISTED   := $(BUILD)/harness/measure/conf_kinds.inc
KIND_LIST := $(foreach kind,$(KINDS),"$(kind)"$(comma))
ifneq ($(file <$(LISTED)),$(KIND_LIST))
$(LISTED): FORCE
endif
$(LISTED): export WRITTEN := $(KIND_LIST)
$(LISTED):
	$(Q)mkdir -p $(@D) && printf '%s\n' "$$WRITTEN" >$@
$(BUILD)/harness/measure/conf_keys.inc: harness/measure/conf_keys.awk $(KEYS) $(LISTED) Makefile
	$(Q)mkdir -p $(@D) && awk -f $< $(KEYS) >$@.new && mv $@.new $@
$(BUILD)/harness/measure/conf_keys.o: $(BUILD)/harness/measure/conf_keys.inc
$(BUILD)/harness/measure/conf_keys.o: OURS += -I$(BUILD)

$(BUILD)/%.o: %.c Makefile $(STAMP)
	@$(ECHO) "  CC  $<"
	$(Q)mkdir -p $(@D) $(BUILD)/warnings
	$(Q)$(CC) $(OURS) $(FRAMES) $(CFLAGS) -c -o $@ $< $(KEEP)

test:
	$(Q)tests/run.sh

lint:
	$(Q)tests/lint.sh

fuzz:
	$(Q)tests/fuzz/run.sh 300

# The harness is not installed: it keeps its experiments and results in this folder.
PREFIX  ?= /usr/local
ALONE    = $(SERVERS) $(BUILD)/load $(BUILD)/gate
PAGES    = README.md LICENSE $(wildcard docs/*.md)
# Between single quotes the shell takes blanks, and whatever else a path has, as they are.
quoted   = '$(subst ','\'',$(1))'
BIN_DIR  = $(call quoted,$(DESTDIR)$(PREFIX)/bin)
DOC_DIR  = $(call quoted,$(DESTDIR)$(PREFIX)/share/doc/c10k-bench)

install: programs
	$(Q)install -d $(BIN_DIR) $(DOC_DIR)
	$(Q)for program in $(ALONE); do install -m 755 $$program $(BIN_DIR)/c10k-$${program##*/} || exit; done
	$(Q)install -m 644 $(PAGES) $(DOC_DIR)

# What install wrote, file by file, and the folder of the pages if nothing else is in it.
uninstall:
	rm -f $(addprefix $(BIN_DIR)/c10k-,$(addprefix server-,$(MODELS)) load gate) $(addprefix $(DOC_DIR)/,$(notdir $(PAGES)))
	$(Q)if [ -d $(DOC_DIR) ]; then rmdir --ignore-fail-on-non-empty $(DOC_DIR); fi

format:
	$(Q)git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
