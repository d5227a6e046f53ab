# The rules behind the Makefile: one archive a folder, one program of the archives.

.DEFAULT_GOAL := all
.PHONY: all debug asan demo check check-built lint fmt screenshots bench install uninstall clean \
	deps gen

# First what is missing is installed, then a second make compiles with every processor.
JOBS ?= $(shell nproc 2>/dev/null || echo 2)
SUBMAKE = $(MAKE) --no-print-directory -j$(JOBS)

all: deps-quiet
	@$(SUBMAKE) $(BUILD)/reticle

debug: deps-quiet
	@$(SUBMAKE) VARIANT=debug $(BUILD)/debug/reticle $(BUILD)/debug/reticle-sandbox

asan: deps-quiet
	@$(SUBMAKE) VARIANT=asan $(BUILD)/asan/reticle $(BUILD)/asan/reticle-sandbox

# --- dependencies: installed only when pkg-config does not find them

.PHONY: deps-quiet deps-test
deps-quiet:
	@sh scripts/deps.sh $(PKGS) $(PKGS_SANDBOX)

deps-test:
	@sh scripts/deps.sh --test $(PKGS) $(PKGS_SANDBOX) $(PKGS_TEST)

# --- compiling

define folder_rules
$(O)/lib$(1).a: $(call obj,$(1))
	@rm -f $$@
	@$(AR) rcs $$@ $$^
endef
$(foreach f,$(FOLDERS) sandbox cli,$(eval $(call folder_rules,$(f))))

$(O)/%.o: %.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# Text that is compiled in: the default keys.
$(BUILD)/gen/default_keys.inc: config/default.keys
	@mkdir -p $(@D)
	@sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/^/"/' -e 's/$$/\\n"/' $< >$@

$(call obj,tui) $(call obj,cli) $(call obj,config): | $(BUILD)/gen/default_keys.inc

# The product loads libcurl and libcrypto after the first frame (api/dynlib.c), so they are not
# linked; --as-needed keeps the rest of a start as small.
pkg_libs = $(shell $(PKG_CONFIG) --libs $(1))
LIBS_MAIN = $(eval LIBS_MAIN := $(call pkg_libs,ncursesw libcjson yaml-0.1 sqlite3 libutf8proc) \
	-lpthread)$(LIBS_MAIN)
LIBS_SANDBOX = $(eval LIBS_SANDBOX := $(call pkg_libs,$(PKGS_SANDBOX)) -lpthread)$(LIBS_SANDBOX)
LIBS_TEST = $(eval LIBS_TEST := $(call pkg_libs,$(PKGS_TEST) libcurl libcrypto) $(LIBS_MAIN) \
	-lutil)$(LIBS_TEST)

rev_libs = $(foreach f,views tui session api store targeting config base,$(if $(wildcard $(f)/*.c),$(call lib,$(f))))

$(O)/reticle: $(call obj,cli) $(rev_libs)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $(call obj,cli) $(rev_libs) $(LIBS_MAIN) -ldl

$(O)/reticle-sandbox: $(call lib,sandbox) $(call lib,targeting) $(call lib,base)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $(call obj,sandbox) $(call lib,targeting) $(call lib,base) $(LIBS_SANDBOX)

$(BUILD)/reticle: $(O)/reticle $(O)/reticle-sandbox
	@cp -f $(O)/reticle-sandbox $(BUILD)/reticle-sandbox
	@cp -f $(O)/reticle $@

# --- tests: tests/unit/FOLDER/test_*.c links the archives of FOLDER and of those below it

below_base := base
below_config := config base
below_targeting := targeting config base
below_store := store targeting config base
below_api := api store targeting config base
below_session := session api store targeting config base
below_tui := tui config base
below_views := views tui session api store targeting config base
below_sandbox := targeting base
below_cli := views tui session api store targeting config base

define unit_rules
UNIT_$(1) := $(patsubst tests/unit/$(1)/%.c,$(O)/unit/$(1)/%,$(wildcard tests/unit/$(1)/test_*.c))
$(O)/unit/$(1)/%: tests/unit/$(1)/%.c $(foreach f,$(below_$(1)),$(call lib,$(f))) $(if $(filter sandbox cli,$(1)),$(call lib,$(1)))
	@mkdir -p $$(@D)
	@echo "  CC  $$<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $$@ $$< \
		$(if $(filter sandbox cli,$(1)),$(filter-out %/main.o,$(call obj,$(1)))) \
		$(foreach f,$(below_$(1)),$(call lib,$(f))) $(LIBS_TEST) $(LIBS_SANDBOX) -ldl
unit-$(1): $$(UNIT_$(1))
	@sh tests/run.sh unit $$(UNIT_$(1))
.PHONY: unit-$(1)
endef
$(foreach f,$(FOLDERS) sandbox cli,$(eval $(call unit_rules,$(f))))

UNITS = $(foreach f,$(FOLDERS) sandbox cli,$(UNIT_$(f)))
# The test that no write is ever sent twice comes first.
FLOW_FIRST := tests/flow/test_m1_single_post.c
FLOWS := $(patsubst tests/flow/%.c,$(O)/flow/%,$(FLOW_FIRST) \
	$(filter-out $(FLOW_FIRST),$(wildcard tests/flow/test_*.c)))
FLOW_HELP := $(patsubst %.c,$(O)/%.o,$(filter-out tests/flow/test_%,$(wildcard tests/flow/*.c)))

FLOW_CLI = $(filter-out %/main.o,$(call obj,cli))

$(O)/flow/%: tests/flow/%.c $(FLOW_HELP) $(wildcard tests/flow/*.h) $(FLOW_CLI) $(rev_libs)
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(FLOW_HELP) \
		$(FLOW_CLI) $(rev_libs) $(LIBS_TEST) -ldl

check: deps-test
	@$(SUBMAKE) VARIANT=asan programs
	@$(SUBMAKE) VARIANT=sim $(BUILD)/sim/sim
	@$(MAKE) --no-print-directory VARIANT=asan check-built

.PHONY: programs
programs: $(O)/reticle $(O)/reticle-sandbox $(UNITS) $(FLOWS) sweep-programs

check-built: programs
	@sh tests/run.sh all --build $(O) --units "$(UNITS)" --flows "$(FLOWS)" \
		$(if $(wildcard $(BUILD)/sim/sim),--sim $(BUILD)/sim/sim)

# --- sweeps of the whole program: tests/sweep/*.c are the driver, preload.c goes into the program

SWEEP_ENV = RETICLE=$(abspath $(O))/reticle RETICLE_SANDBOX=$(abspath $(O))/reticle-sandbox \
	SWEEP_PRELOAD=$(abspath $(O))/sweep/preload.so
SWEEP_HELP := $(patsubst %.c,$(O)/%.o,tests/sweep/world.c tests/sweep/scenario.c)

$(O)/sweep/preload.so: tests/sweep/preload.c
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(CSTD) $(WARN) -O2 -fPIC -shared -o $@ $< -ldl

$(O)/sweep/%: tests/sweep/%.c $(SWEEP_HELP) $(FLOW_HELP) $(FLOW_CLI) $(rev_libs)
	@mkdir -p $(@D)
	@echo "  CC  $<"
	@$(CC) $(ALL_CFLAGS) -MMD -MP $(ALL_LDFLAGS) -o $@ $< $(SWEEP_HELP) $(FLOW_HELP) \
		$(FLOW_CLI) $(rev_libs) $(LIBS_TEST) -ldl

.SECONDARY: $(SWEEP_HELP) $(FLOW_HELP)
.PHONY: sweep-programs sweep sweep-net
sweep-programs: $(O)/reticle $(O)/reticle-sandbox $(O)/sweep/preload.so $(O)/sweep/kill $(O)/sweep/net

# kill -9 at every call that changes something; STRIDE=15 takes one in fifteen
STRIDE ?= 1
sweep: deps-test
	@$(SUBMAKE) sweep-programs
	@$(SWEEP_ENV) $(O)/sweep/kill --stride $(STRIDE)

# every network fault point: flow x request x phase x fault x duplicate mode x lag
sweep-net: deps-test
	@$(SUBMAKE) sweep-programs
	@$(SWEEP_ENV) $(O)/sweep/net --stride $(STRIDE)

# The simulator: client and sandbox in one process, in virtual time; one seed is a whole life.
# make sim [SEEDS=N] [FROM=N], or make sim SEED=N for the trace of one, SHRINK=N for the steps of it
# that matter. The sandbox becomes one object of which only tests/sim/server.h can be seen: both
# programs have functions of the same names.
SIM_OBJ := $(patsubst %.c,$(O)/%.o,$(filter-out tests/sim/server.c,$(wildcard tests/sim/*.c)))
SIM_SANDBOX_OBJ = $(O)/tests/sim/server.o $(filter-out %/main.o %/server.o %/control_main.o,$(call obj,sandbox))
SIM_NAMES := server_init server_done server_begin server_faults server_edit server_edits server_clock_ahead \
	server_on_commit server_rows server_changes server_read_body server_sha256 exchange_new exchange_free \
	exchange_step exchange_is_decided
SIM_LIBS = $(rev_libs) $(LIBS_MAIN) $(LIBS_SANDBOX) -lutil -ldl

$(O)/tests/sim/sandbox.o: $(SIM_SANDBOX_OBJ)
	@ld -r -o $@.all $^
	@objcopy $(foreach n,$(SIM_NAMES),--keep-global-symbol=$(n)) $@.all $@
	@rm -f $@.all

$(O)/sim: $(SIM_OBJ) $(O)/tests/sim/sandbox.o $(rev_libs)
	@echo "  LD  $@"
	@$(CC) $(ALL_LDFLAGS) -o $@ $(SIM_OBJ) $(O)/tests/sim/sandbox.o $(SIM_LIBS)

# The rows of the fault matrix with as many cases as they ask for; `make check` runs samples.
.PHONY: sweep-faults
sweep-faults: deps-test
	@$(SUBMAKE) VARIANT=asan programs
	@for t in unit/api/test_apply_random flow/test_answer_faults flow/test_net_faults flow/test_a7_resolver \
			flow/test_batch_faults flow/test_apply_faults flow/test_read_faults; do \
		RETICLE_LONG=1 RETICLE_SEEDS=10000 RETICLE_SANDBOX=$(abspath $(BUILD))/asan/reticle-sandbox \
			$(BUILD)/asan/$$t || exit 1; done

# Rows of processes and terminals in full: 10,000 sizes (C9), 200 moments of Ctrl-C while posting (C4), ten
# minutes stopped twice (C6); and the memory of the release build, whose environment no sanitizer copies.
.PHONY: sweep-process
sweep-process: deps-test
	@$(SUBMAKE) VARIANT=asan programs
	@$(SUBMAKE) VARIANT=release $(BUILD)/reticle
	@RETICLE_LONG=1 $(BUILD)/asan/unit/tui/test_term
	@RETICLE=$(abspath $(BUILD))/asan/reticle RETICLE_SANDBOX=$(abspath $(BUILD))/asan/reticle-sandbox \
		C4_MOMENTS=200 RETICLE_LONG=1 sh tests/check/interrupted_posting.sh
	@RETICLE=$(abspath $(BUILD))/reticle RETICLE_SANDBOX=$(abspath $(BUILD))/reticle-sandbox \
		sh tests/check/canary_memory.sh

SEEDS ?= 20000
FROM ?= 1
.PHONY: sim
sim: deps-quiet
	@$(SUBMAKE) VARIANT=sim $(BUILD)/sim/sim
ifdef SEED
	@$(BUILD)/sim/sim --seed $(SEED)
else ifdef SHRINK
	@$(BUILD)/sim/sim --shrink $(SHRINK)
else
	@sh tests/sim/run.sh $(BUILD)/sim/sim $(FROM) $(SEEDS)
endif

lint:
	@sh tests/lint/run.sh

fmt:
	@git ls-files -co --exclude-standard '*.c' '*.h' | xargs clang-format -i

# --- running

demo: all
	@$(BUILD)/reticle demo

screenshots: all
	@sh screenshots/make.sh $(BUILD)/reticle

bench: all
	@sh bench/run.sh $(BUILD)/reticle

# Start, keys, sync, memory, staging and posting beside tig, less, fzf, curl and a floor program: python3 and what
# of these is installed.
# BENCH_ARGS="--sizes 8000x50 --goals P4,P6 --rounds 3" for a part of it.
bench-store: all
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $(O)/bench-stage bench/stage.c $(call lib,store) \
		$(call lib,targeting) $(call lib,config) $(call lib,base) $(LIBS_MAIN)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $(O)/bench-floor bench/floor.c $(call pkg_libs,ncursesw sqlite3)
	@python3 bench/store.py $(BUILD)/reticle $(O)/bench-stage $(O)/bench-floor $(BENCH_ARGS)
.PHONY: bench-store

bench-targeting: deps-quiet
	@$(SUBMAKE) $(O)/libtargeting.a $(O)/libbase.a
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $(O)/bench-targeting bench/targeting.c \
		$(O)/libtargeting.a $(O)/libbase.a $(call pkg_libs,libutf8proc)
	@$(O)/bench-targeting
.PHONY: bench-targeting

COMPLETION_DIRS := $(addprefix $(DESTDIR)$(PREFIX)/share/,bash-completion/completions \
	zsh/site-functions fish/vendor_completions.d)

install: all
	install -d $(DESTDIR)$(PREFIX)/bin $(DESTDIR)$(PREFIX)/libexec/reticle \
		$(DESTDIR)$(PREFIX)/share/doc/reticle
	install -m 755 $(BUILD)/reticle $(DESTDIR)$(PREFIX)/bin/reticle
	install -m 755 $(BUILD)/reticle-sandbox $(DESTDIR)$(PREFIX)/libexec/reticle/reticle-sandbox
	install -m 644 README.md LICENSE docs/*.md $(DESTDIR)$(PREFIX)/share/doc/reticle
	install -d $(DESTDIR)$(PREFIX)/share/man/man1 $(COMPLETION_DIRS)
	$(BUILD)/reticle man >$(DESTDIR)$(PREFIX)/share/man/man1/reticle.1
	$(BUILD)/reticle completion bash >$(DESTDIR)$(PREFIX)/share/bash-completion/completions/reticle
	$(BUILD)/reticle completion zsh >$(DESTDIR)$(PREFIX)/share/zsh/site-functions/_reticle
	$(BUILD)/reticle completion fish \
		>$(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/reticle.fish

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/reticle $(DESTDIR)$(PREFIX)/share/man/man1/reticle.1 \
		$(wildcard $(addsuffix /*reticle*,$(COMPLETION_DIRS)))
	rm -rf $(DESTDIR)$(PREFIX)/libexec/reticle $(DESTDIR)$(PREFIX)/share/doc/reticle

clean:
	rm -rf $(BUILD)

-include $(shell find $(O) -name '*.d' 2>/dev/null)
