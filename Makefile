# C10K Bench.
#
#   make               build everything into build/release
#   make test          build and run every test; ends with "N passed, N failed"
#   make SAN=address   build with the address and undefined-behaviour sanitizers into build/address
#   make SAN=thread    build with the thread sanitizer into build/thread
#   make CC=clang V=1  another compiler; show the commands
#   make format        let clang-format decide the spaces
#   make clean         remove build/
#
# A model is a file in servers/.  Libraries that only one model needs go here.
MODELS        := $(basename $(notdir $(wildcard servers/*.c)))
LIBS_libuv    := -luv
LIBS_io_uring := -luring
# Of the live demo.
LIBS_demo     := -lncursesw

comma   := ,
SAN     ?=
BUILD   ?= build/$(or $(SAN),release)
CFLAGS  ?= -O2 -g
CC      := $(if $(filter default,$(origin CC)),gcc,$(CC))

# Ours are apart from CFLAGS, so that what a user gives adds and never removes.
WARNINGS := -Wall -Wextra -Wshadow -Wconversion
SANITIZE := $(if $(filter address,$(SAN)),-fsanitize=address$(comma)undefined -fno-sanitize-recover=all)\
            $(if $(filter thread,$(SAN)),-fsanitize=thread)
OURS     := -std=c17 -D_GNU_SOURCE $(WARNINGS) -I. -MMD -MP -pthread $(SANITIZE)
Q        := $(if $(V),,@)
ECHO     ?= echo

objects   = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))

COMMON   := $(BUILD)/libcommon.a
SHARED   := $(filter-out %/server_main.o,$(call objects,common/*.c))
LOAD     := $(filter-out %/load.o,$(call objects,clients/*.c))
HARNESS  := $(filter-out %/measure.o,$(call objects,harness/*.c))
GATE     := $(call objects,harness/gate/*.c)
DEMO     := $(call objects,harness/demo/*.c)
LIARS    := $(basename $(notdir $(wildcard tests/liars/*.c)))
TOOLS    := bare_client bare_server second_client without_io_uring
UNITS    := $(basename $(notdir $(wildcard tests/test_*.c)))

# A model whose library is missing is left out, with a word; the others still build.
missing   = $(if $(LIBS_$(1)),$(shell echo 'int main(void) { return 0; }' | \
            $(CC) -x c - -o /dev/null $(LIBS_$(1)) 2>/dev/null || echo $(1)))
MISSING  := $(strip $(foreach model,$(MODELS),$(call missing,$(model))))
$(foreach model,$(MISSING),$(info Leaving out the model $(model): $(LIBS_$(model)) is not installed))
SERVERS  := $(addprefix $(BUILD)/server-,$(filter-out $(MISSING),$(MODELS)))

# So is the demo.
NO_DEMO  := $(strip $(call missing,demo))
$(if $(NO_DEMO),$(info Leaving out the live demo: $(LIBS_demo) is not installed))

PROGRAMS := $(SERVERS) $(BUILD)/load $(BUILD)/measure $(BUILD)/gate $(BUILD)/switch_cost \
            $(if $(NO_DEMO),,$(BUILD)/demo)

.PHONY: all programs tools test format clean
all: programs
programs: $(PROGRAMS)
# What only the tests need: liars, units, the bare loops of both ends, a second opinion on latency,
# a kernel without io_uring.
tools: $(addprefix $(BUILD)/liar-,$(LIARS)) $(addprefix $(BUILD)/,$(UNITS)) \
       $(addprefix $(BUILD)/,$(TOOLS))

# An archive, so that a program holds only what it calls.
$(COMMON): $(SHARED)
	@$(ECHO) "  AR  $@"
	$(Q)rm -f $@ && ar rcs $@ $^

$(BUILD)/server-%: $(BUILD)/servers/%.o $(BUILD)/common/server_main.o $(COMMON)
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ $(LIBS_$*)

$(BUILD)/liar-%: $(BUILD)/tests/liars/%.o $(BUILD)/common/server_main.o $(COMMON)
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm

$(BUILD)/load: $(BUILD)/clients/load.o $(LOAD) $(COMMON)
$(BUILD)/measure: $(BUILD)/harness/measure.o $(HARNESS) $(COMMON)
$(BUILD)/gate: $(GATE) $(HARNESS) $(COMMON)
$(BUILD)/switch_cost: $(BUILD)/harness/switch/switch_cost.o $(COMMON)
$(BUILD)/demo: $(DEMO) $(HARNESS) $(COMMON)
$(addprefix $(BUILD)/,$(TOOLS)): $(BUILD)/%: $(BUILD)/tests/%.o $(COMMON)
$(BUILD)/load $(BUILD)/measure $(BUILD)/gate $(BUILD)/switch_cost $(BUILD)/demo $(addprefix $(BUILD)/,$(TOOLS)):
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lm $(LIBS_$(@F))

# All of the demo that can be tried without a terminal.
$(BUILD)/test_demo: $(filter-out %/demo.o %/screen.o,$(DEMO))
$(BUILD)/test_%: $(BUILD)/tests/test_%.o $(LOAD) $(HARNESS) $(COMMON)
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -o $@ $^ -lcmocka -lm $(WRAP_$*)

$(BUILD)/%.o: %.c Makefile
	@$(ECHO) "  CC  $<"
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(OURS) $(CFLAGS) -c -o $@ $<

test:
	$(Q)tests/run.sh

format:
	$(Q)git ls-files --cached --others --exclude-standard '*.c' '*.h' | xargs clang-format -i

clean:
	rm -rf build

.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
