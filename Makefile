# reticle: see README.md. `make demo` opens the program on the local sandbox, `make check` tests it.
PREFIX ?= /usr/local
DESTDIR ?=
BUILD ?= build
VARIANT ?= release
O := $(BUILD)/$(VARIANT)

PKGS := ncursesw libcurl libcjson yaml-0.1 sqlite3 libcrypto libutf8proc
PKGS_SANDBOX := libmicrohttpd libcjson sqlite3 libcrypto libutf8proc
PKGS_TEST := cmocka vterm
PKG_CONFIG ?= pkg-config

CSTD := -std=c17 -D_GNU_SOURCE -D_XOPEN_SOURCE_EXTENDED -I. -I$(BUILD)/gen
WARN := -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wvla -Wstrict-prototypes \
	-Wmissing-prototypes -Wwrite-strings -Wformat=2 -Wundef -Werror
CFLAGS_release := -O2 -g -fstack-protector-strong -fPIE -D_FORTIFY_SOURCE=2 -fno-strict-aliasing
CFLAGS_debug := -O0 -g3 -fPIE
CFLAGS_asan := -O1 -g -fPIE -fno-omit-frame-pointer -fsanitize=address,undefined \
	-fno-sanitize-recover=all -DRETICLE_TESTABLE
# The simulator (tests/sim): fast enough for thousands of lives, with what costs little to check.
CFLAGS_sim := -O2 -g -fPIE -fno-omit-frame-pointer -fsanitize=undefined -fno-sanitize-recover=all
LDFLAGS_release := -pie -Wl,-z,relro,-z,now,-z,noexecstack,--as-needed
LDFLAGS_debug := -pie
LDFLAGS_sim := -pie -fsanitize=undefined
LDFLAGS_asan := -pie -fsanitize=address,undefined

# Asked once, and only when something is compiled: by then the packages are installed.
PKG_CFLAGS = $(eval PKG_CFLAGS := $$(shell $(PKG_CONFIG) --cflags $(PKGS) $(PKGS_SANDBOX)))$(PKG_CFLAGS)
ALL_CFLAGS = $(CSTD) $(WARN) $(CFLAGS_$(VARIANT)) $(PKG_CFLAGS) $(CPPFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(LDFLAGS_$(VARIANT)) $(LDFLAGS)

# Order: a folder may use those before it, so the linker gets them in reverse.
FOLDERS := base config targeting store api session tui views
src = $(sort $(wildcard $(1)/*.c))
obj = $(patsubst %.c,$(O)/%.o,$(call src,$(1)))
lib = $(O)/lib$(1).a

include build.mk
