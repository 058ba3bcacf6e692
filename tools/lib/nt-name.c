// SPDX-License-Identifier: LGPL-2.1-or-later OR MIT
/*
 * Names of objects: from NT's, UTF-16 with a directory, and from Win32's to the bytes
 * that the kernel knows, UTF-8 without one.
 */
#include <string.h>

#include "handle.h"

#define DIRECTORY	"\\BaseNamedObjects\\"
/* A directory, of which there is but one, under further names. */
#define GLOBAL		"Global\\"
#define LOCAL		"Local\\"

/* Attributes that NT has; none but OBJ_OPENIF makes a difference here. */
#define ATTRIBUTES	0x7f2u

#define ROOM		(NTAPC_NAME_MAX + sizeof(DIRECTORY) + sizeof(GLOBAL))

/* Takes a character off *@text; half of a surrogate pair is one by itself. */
static uint32_t next_character(PCWSTR *text, PCWSTR end)
{
	uint32_t c = *(*text)++;

	if (c >= 0xd800 && c < 0xdc00 && *text < end && **text >= 0xdc00 &&
	    **text < 0xe000)
		c = 0x10000 + ((c - 0xd800) << 10) + (*(*text)++ - 0xdc00);
	return c;
}

/* Returns how many bytes. */
static size_t put_character(char *at, uint32_t c)
{
	size_t n = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4, i;

	if (n == 1) {
		*at = c;
		return n;
	}
	for (i = n - 1; i; i--) {
		at[i] = 0x80 | (c & 0x3f);
		c >>= 6;
	}
	at[0] = 0xf00 >> n | c;
	return n;
}

/* Returns how many bytes of UTF-8, or SIZE_MAX if there is not so much room. */
static size_t to_utf8(PCWSTR text, size_t length, char *bytes, size_t room)
{
	PCWSTR end = text + length;
	char character[4];
	size_t used = 0, n;

	while (text < end) {
		n = put_character(character, next_character(&text, end));
		if (n > room - used)
			return SIZE_MAX;
		memcpy(bytes + used, character, n);
		used += n;
	}
	return used;
}

static bool skip(const char **text, size_t *length, const char *prefix)
{
	size_t n = strlen(prefix);

	if (*length < n || memcmp(*text, prefix, n))
		return false;
	*text += n;
	*length -= n;
	return true;
}

/* A name in the directory. */
static NTSTATUS take(const char *text, size_t length, struct name *name)
{
	if (!skip(&text, &length, GLOBAL))
		skip(&text, &length, LOCAL);
	if (!length)
		return STATUS_OBJECT_NAME_INVALID;
	if (memchr(text, '\\', length))
		return STATUS_OBJECT_PATH_NOT_FOUND;
	if (length > sizeof(name->text))
		return STATUS_NAME_TOO_LONG;
	memcpy(name->text, text, length);
	name->length = length;
	return STATUS_SUCCESS;
}

/* A string of Win32's; NULL and "" are none. */
NTSTATUS ntapc__name_from_text(const char *text, struct name *name)
{
	name->length = 0;
	return text && *text ? take(text, strlen(text), name) : STATUS_SUCCESS;
}

NTSTATUS ntapc__name_from_wide(PCWSTR text, struct name *name)
{
	char bytes[ROOM];
	size_t length = 0;

	name->length = 0;
	if (!text || !*text)
		return STATUS_SUCCESS;
	while (text[length])
		length++;
	length = to_utf8(text, length, bytes, sizeof(bytes));
	if (length == SIZE_MAX)
		return STATUS_NAME_TOO_LONG;
	return take(bytes, length, name);
}

static NTSTATUS take_path(const UNICODE_STRING *string, struct name *name)
{
	char bytes[ROOM];
	const char *text = bytes;
	size_t length;

	if (string->Length % sizeof(WCHAR))
		return STATUS_OBJECT_NAME_INVALID;
	if (!string->Buffer)
		return STATUS_ACCESS_VIOLATION;
	if (string->Buffer[0] != '\\')
		return STATUS_OBJECT_PATH_SYNTAX_BAD;
	length = to_utf8(string->Buffer, string->Length / sizeof(WCHAR), bytes,
			 sizeof(bytes));
	if (length == SIZE_MAX)
		return STATUS_NAME_TOO_LONG;
	if (!skip(&text, &length, DIRECTORY))
		return STATUS_OBJECT_PATH_NOT_FOUND;
	return take(text, length, name);
}

/* What @attributes, which may be NULL, name. */
NTSTATUS ntapc__name_capture(const OBJECT_ATTRIBUTES *attributes,
			     struct name *name)
{
	name->length = 0;
	if (!attributes)
		return STATUS_SUCCESS;
	if (attributes->Length != sizeof(*attributes) ||
	    attributes->Attributes & ~ATTRIBUTES)
		return STATUS_INVALID_PARAMETER;
	if (!attributes->ObjectName || !attributes->ObjectName->Length)
		return STATUS_SUCCESS;
	/* No handle is a directory's. */
	if (attributes->RootDirectory)
		return STATUS_INVALID_HANDLE;
	return take_path(attributes->ObjectName, name);
}
