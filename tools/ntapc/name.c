// SPDX-License-Identifier: GPL-2.0-only
/*
 * Names of addresses: from a process's maps, and the symbol tables of its files.
 * What the files say is believed as far as it lies within them.
 */
#include <elf.h>
#include <fcntl.h>
#include <limits.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sample.h"

struct mapping {
	uint64_t start, end, offset;
	char path[PATH_MAX];
};

struct image {
	const char *data;
	size_t size;
};

/* Finds out which of a process's mappings @address is in. */
static bool find_mapping(pid_t tid, uint64_t address, struct mapping *m)
{
	char path[64], line[PATH_MAX + 128];
	bool found = false;
	FILE *file;

	snprintf(path, sizeof(path), "/proc/%d/maps", tid);
	file = fopen(path, "re");
	if (!file)
		return false;
	while (!found && fgets(line, sizeof(line), file)) {
		m->path[0] = '\0';
		if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %4095[^\n]", &m->start,
			   &m->end, &m->offset, m->path) < 3)
			continue;
		found = address >= m->start && address < m->end;
	}
	fclose(file);
	return found;
}

/* The @n things of @size bytes that the file says are at @offset, or NULL. */
static const void *part(const struct image *image, uint64_t offset, uint64_t n,
			size_t size)
{
	if (offset > image->size || n > (image->size - offset) / size)
		return NULL;
	return image->data + offset;
}

/* Where the linker wanted what is at @offset in the file; 0: nowhere. */
static uint64_t offset_to_address(const struct image *image,
				  const Elf64_Ehdr *header, uint64_t offset)
{
	const Elf64_Phdr *p = part(image, header->e_phoff, header->e_phnum,
				   sizeof(*p));
	unsigned int i;

	for (i = 0; p && i < header->e_phnum; i++)
		if (p[i].p_type == PT_LOAD && offset >= p[i].p_offset &&
		    offset - p[i].p_offset < p[i].p_filesz)
			return offset - p[i].p_offset + p[i].p_vaddr;
	return 0;
}

/* The function that @address is in; its start goes to *@start. Or NULL. */
static const char *search_table(const struct image *image,
				const Elf64_Shdr *table,
				const Elf64_Shdr *strings, uint64_t address,
				uint64_t *start)
{
	uint64_t n = table->sh_size / sizeof(Elf64_Sym), i;
	const Elf64_Sym *symbol = part(image, table->sh_offset, n,
				       sizeof(*symbol));
	const char *text = part(image, strings->sh_offset, strings->sh_size, 1);

	if (!symbol || !text || !strings->sh_size ||
	    text[strings->sh_size - 1])
		return NULL;
	for (i = 0; i < n; i++) {
		if (ELF64_ST_TYPE(symbol[i].st_info) != STT_FUNC ||
		    address - symbol[i].st_value >= symbol[i].st_size ||
		    symbol[i].st_name >= strings->sh_size)
			continue;
		*start = symbol[i].st_value;
		return text + symbol[i].st_name;
	}
	return NULL;
}

static const char *find_function(const struct image *image, uint64_t offset,
				 uint64_t *distance)
{
	const Elf64_Ehdr *header = part(image, 0, 1, sizeof(*header));
	const Elf64_Shdr *section;
	const char *name = NULL;
	uint64_t address, start;
	unsigned int i;

	if (!header || memcmp(header->e_ident, ELFMAG, SELFMAG) ||
	    header->e_ident[EI_CLASS] != ELFCLASS64)
		return NULL;
	section = part(image, header->e_shoff, header->e_shnum,
		       sizeof(*section));
	address = offset_to_address(image, header, offset);
	for (i = 0; section && address && !name && i < header->e_shnum; i++)
		if ((section[i].sh_type == SHT_SYMTAB ||
		     section[i].sh_type == SHT_DYNSYM) &&
		    section[i].sh_link < header->e_shnum)
			name = search_table(image, &section[i],
					    &section[section[i].sh_link],
					    address, &start);
	if (name)
		*distance = address - start;
	return name;
}

/* As its process sees it, which may have another root, and has chosen what is there. */
static bool image_open(pid_t tid, const char *path, struct image *image)
{
	char full[PATH_MAX + 32];
	struct stat st;
	void *data;
	int fd;

	snprintf(full, sizeof(full), "/proc/%d/root%s", tid, path);
	fd = open(full, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		return false;
	data = fstat(fd, &st) || !S_ISREG(st.st_mode) || st.st_size <= 0 ?
		       MAP_FAILED :
	       mmap(NULL, st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (data == MAP_FAILED)
		return false;
	image->data = data;
	image->size = st.st_size;
	return true;
}

void name_address(pid_t tid, uint64_t address, char *name, size_t size)
{
	uint64_t offset, distance;
	const char *file, *function = NULL;
	struct image image;
	struct mapping m;

	if (!find_mapping(tid, address, &m)) {
		snprintf(name, size, "?");
		return;
	}
	file = strrchr(m.path, '/');
	file = file ? file + 1 : m.path[0] ? m.path : "[anonymous]";
	offset = address - m.start + m.offset;
	if (m.path[0] == '/' && image_open(tid, m.path, &image)) {
		function = find_function(&image, offset, &distance);
		if (function)
			snprintf(name, size, "%s+0x%lx (%s)", function, distance,
				 file);
		munmap((void *)image.data, image.size);
	}
	if (!function)
		snprintf(name, size, "%s+0x%lx", file, offset);
}
