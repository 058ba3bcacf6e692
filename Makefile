# SPDX-License-Identifier: GPL-2.0-only
#
# ntapc: "make help" lists the targets.

# Headers named by KDIR say for which kernel they are
ifdef KDIR
KERNELRELEASE ?= $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' $(KDIR)/include/generated/utsrelease.h)
endif
KERNELRELEASE ?= $(shell uname -r)
KDIR ?= /lib/modules/$(KERNELRELEASE)/build
PREFIX ?= /usr/local
DESTDIR ?=
DEPMOD ?= depmod
INSTALL ?= install
GUEST ?= qemu
KVER ?= 6.12
TESTS ?=
BENCH ?=
V ?=
export GUEST KVER V NTAPC_BUILD

Q := $(if $(filter 1,$(V)),,@)
G := tools/guest
BUILD := $(abspath $(or $(NTAPC_BUILD),build))
HOST_SRC := $(BUILD)/host-$(KERNELRELEASE)/src
GUEST_ID = $(if $(filter um,$(GUEST)),um,qemu-$(KVER))
GUEST_SRC = $(BUILD)/$(GUEST_ID)/src
GUEST_ARCH = $(if $(filter um,$(GUEST)),ARCH=um)
GUEST_VARS := NTAPC_TESTS=1 $(if $(NTAPC_GCOV),NTAPC_GCOV=$(NTAPC_GCOV))
USER_PARTS := $(patsubst %/Makefile,%,$(wildcard tools/lib/Makefile tools/ntapc/Makefile tools/bench/Makefile))
PART_VARS := --no-print-directory V=$(filter 1,$(V)) PREFIX=$(PREFIX) LIB=$(BUILD)/host/lib
MANPAGES := $(wildcard Documentation/man/*.[1-9])

MAKEFLAGS += --no-print-directory
unexport KERNELRELEASE DESTDIR PREFIX TESTS

.PHONY: module tools demo check kunit selftests bench guest setup image
.PHONY: module-guest install uninstall style clean distclean help $(USER_PARTS)

module:
	$(Q)$(G)/module.sh $(KDIR) $(HOST_SRC)
	@echo '  ready   $(patsubst $(CURDIR)/%,%,$(HOST_SRC))/ntapc/ntapc.ko'

tools: $(USER_PARTS)

$(USER_PARTS):
	$(Q)$(MAKE) -C $@ $(PART_VARS) O=$(BUILD)/host/$(notdir $@)

tools/ntapc tools/bench: tools/lib

# Guests

setup:
	$(Q)$(G)/setup.sh guest

module-guest: setup
	$(Q)kdir=$$($(G)/kdir.sh) && $(G)/module.sh "$$kdir" $(GUEST_SRC) $(GUEST_ARCH) $(GUEST_VARS)

image: module-guest
	$(Q)$(G)/image.sh

demo: image
	$(Q)$(G)/demo.sh

check:
	$(Q)$(G)/check.sh

kunit: override GUEST = um
kunit: image
	$(Q)$(G)/report.sh kunit

selftests: image
	$(Q)$(G)/report.sh selftests $(TESTS)

bench: image
	$(Q)$(G)/bench.sh $(BENCH)

guest: image
	$(Q)$(G)/shell.sh

# Installation

MODULE_DIR := $(DESTDIR)/lib/modules/$(KERNELRELEASE)/updates
UDEV_RULE := $(DESTDIR)/usr/lib/udev/rules.d/60-ntapc.rules

install: module tools
	$(Q)$(INSTALL) -D -m 644 $(HOST_SRC)/ntapc/ntapc.ko $(MODULE_DIR)/ntapc.ko
	$(Q)$(if $(DESTDIR),,$(DEPMOD) -a $(KERNELRELEASE))
	$(Q)$(foreach part,$(USER_PARTS),$(MAKE) -C $(part) $(PART_VARS) \
		O=$(BUILD)/host/$(notdir $(part)) DESTDIR=$(DESTDIR) install &&) :
	$(Q)$(INSTALL) -D -m 644 tools/guest/60-ntapc.rules $(UDEV_RULE)
	$(Q)$(foreach page,$(MANPAGES),$(INSTALL) -D -m 644 $(page) \
		$(DESTDIR)$(PREFIX)/share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)) &&) :
	@echo '  installed the module below $(MODULE_DIR), the rest below $(DESTDIR)$(PREFIX)'
	$(if $(DESTDIR),,@echo "  Access to /dev/ntapc is for the group ntapc: see $(UDEV_RULE)")

uninstall:
	$(Q)rm -f $(MODULE_DIR)/ntapc.ko $(UDEV_RULE)
	$(Q)$(if $(DESTDIR),,$(DEPMOD) -a $(KERNELRELEASE))
	$(Q)cd $(DESTDIR)$(PREFIX) && rm -rf bin/ntapc bin/ntapc-bench lib/libntapc.* \
		lib/pkgconfig/libntapc.pc include/ntapc.h include/ntapc include/linux/ntapc.h \
		include/linux/ntapc_ntsync.h \
		$(foreach page,$(MANPAGES),share/man/man$(patsubst .%,%,$(suffix $(page)))/$(notdir $(page)))

# Hygiene

style:
	$(Q)$(G)/setup.sh guest style
	$(Q)$(G)/style.sh

clean:
	$(Q)rm -rf $(BUILD)

distclean: clean
	$(Q)$(G)/cache-clear.sh

help:
	@sed -n 's/^#? \{0,1\}//p' $(firstword $(MAKEFILE_LIST))

#? In guests: nothing is loaded into the running kernel
#?   make demo        watch NT's asynchronous procedure calls at work
#?   make check       all tests in all guests; ends "N passed, N failed, N skipped"
#?   make kunit       the unit tests, in User-mode Linux
#?   make selftests   the selftests in one guest; TESTS="queue wait" picks some
#?   make bench       ntapc beside its peers; BENCH=1,4 picks cases
#?   make guest       a shell in a guest, with the module loaded
#? On this machine
#?   make             the module for the running kernel, or for KDIR=<headers>
#?   make tools       the library, the command and the benchmarks
#?   make install     all of that; DESTDIR= PREFIX=/usr/local KERNELRELEASE=
#?   make uninstall
#? Hygiene
#?   make style       checkpatch --strict, sparse, W=1, clang-format
#?   make clean       removes build/
#?   make distclean   also removes the guests' kernels from the cache
#? Variables
#?   GUEST=qemu|um    which guest (qemu)
#?   KVER=6.12|6.1    which of Debian's kernels a qemu guest runs (6.12)
#?   V=1              show the commands
#? Documentation/guests.rst says more about the guests.
