# kind.mk -- the programs of the chat: its client, its room, and rooms that lie, for tests.  Included by the Makefile.
CHAT       := $(call objects,harness/kinds/chat/client/*.c)
ROOM       := $(call objects,harness/kinds/chat/room/*.c)
ROOM_LIARS := $(basename $(notdir $(wildcard tests/liars/chat/*.c)))

KIND_PROGRAMS += chat chat-room
KIND_SERVERS  += chat-room
tools: $(addprefix $(BUILD)/room-liar-,$(ROOM_LIARS))

$(BUILD)/chat: $(CHAT) $(LOAD) $(COMMON)
$(BUILD)/chat-room: $(ROOM) $(COMMON)
$(BUILD)/test_chat: $(filter-out %/chat.o,$(CHAT))

# The room as it is, but each write(2) of it goes through the liar.
$(BUILD)/room-liar-%: $(BUILD)/tests/liars/chat/%.o $(ROOM) $(COMMON)
	@$(ECHO) "  LD  $@"
	$(Q)$(CC) $(OURS) $(CFLAGS) $(LDFLAGS) -Wl,--wrap=write -o $@ $^ $(KEEP)
