/* SPDX-License-Identifier: LGPL-2.1-or-later OR MIT */
/*
 * What <ntapc/nt.h> and <ntapc/win32.h> share: Windows' types, as wide as they are
 * there (long is 32 bits), handles, access rights and the register picture.
 *
 * Copyright (C) 2026 the ntapc authors
 */
#ifndef NTAPC_TYPES_H
#define NTAPC_TYPES_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The System V calling convention. */
#define WINAPI
#define NTAPI
#define CALLBACK
#define APIENTRY
#define WINBASEAPI
#define NTSYSAPI
#define NTSYSCALLAPI
#define DECLSPEC_NORETURN	__attribute__((noreturn))

#define CONST	const
#ifndef VOID
#define VOID	void
#endif
#ifndef TRUE
#define TRUE	1
#endif
#ifndef FALSE
#define FALSE	0
#endif
#define IN
#define OUT
#define OPTIONAL
#define UNREFERENCED_PARAMETER(p)	((void)(p))

typedef void *PVOID, *LPVOID;
typedef const void *LPCVOID;
typedef char CHAR, *PCHAR, *LPSTR;
typedef const char *LPCSTR;
typedef unsigned char UCHAR, *PUCHAR, BYTE, *PBYTE, *LPBYTE;
typedef UCHAR BOOLEAN, *PBOOLEAN;
typedef int16_t SHORT, *PSHORT;
typedef uint16_t USHORT, *PUSHORT, WORD, *PWORD, *LPWORD, WCHAR, *PWSTR;
typedef const WCHAR *PCWSTR, *LPCWSTR;
typedef int BOOL, *PBOOL, *LPBOOL;
typedef int INT, *PINT;
typedef unsigned int UINT, *PUINT;
typedef int32_t LONG, *PLONG, *LPLONG, LONG32, INT32;
typedef uint32_t ULONG, *PULONG, DWORD, *PDWORD, *LPDWORD, ULONG32, DWORD32,
	UINT32;
typedef int64_t LONGLONG, LONG64, INT64;
typedef uint64_t ULONGLONG, *PULONGLONG, ULONG64, *PULONG64, DWORD64, *PDWORD64,
	DWORDLONG, UINT64;
typedef intptr_t LONG_PTR, INT_PTR, SSIZE_T;
typedef uintptr_t ULONG_PTR, *PULONG_PTR, UINT_PTR, DWORD_PTR, KAFFINITY;
typedef size_t SIZE_T, *PSIZE_T;

typedef union _LARGE_INTEGER {
	__extension__ struct {
		DWORD LowPart;
		LONG HighPart;
	};
	struct {
		DWORD LowPart;
		LONG HighPart;
	} u;
	LONGLONG QuadPart;
} LARGE_INTEGER, *PLARGE_INTEGER;

/*
 * Handles are the library's, not the kernel's: multiples of 4, good in this
 * process only. They carry the access rights that they were opened with.
 */
typedef void *HANDLE, **PHANDLE, **LPHANDLE;
#define INVALID_HANDLE_VALUE	((HANDLE)(LONG_PTR)-1)

#define ULongToHandle(v)	((HANDLE)(ULONG_PTR)(ULONG)(v))
#define UlongToHandle(v)	ULongToHandle(v)
#define LongToHandle(v)		((HANDLE)(LONG_PTR)(LONG)(v))
#define HandleToULong(h)	((ULONG)(ULONG_PTR)(h))
#define HandleToUlong(h)	HandleToULong(h)
#define HandleToLong(h)		((LONG)(LONG_PTR)(h))

typedef DWORD ACCESS_MASK, *PACCESS_MASK;

#define DELETE				0x00010000
#define READ_CONTROL			0x00020000
#define WRITE_DAC			0x00040000
#define WRITE_OWNER			0x00080000
#define SYNCHRONIZE			0x00100000
#define STANDARD_RIGHTS_REQUIRED	0x000f0000
#define STANDARD_RIGHTS_READ		READ_CONTROL
#define STANDARD_RIGHTS_WRITE		READ_CONTROL
#define STANDARD_RIGHTS_EXECUTE		READ_CONTROL
#define STANDARD_RIGHTS_ALL		0x001f0000
#define SPECIFIC_RIGHTS_ALL		0x0000ffff
#define MAXIMUM_ALLOWED			0x02000000
#define GENERIC_READ			0x80000000u
#define GENERIC_WRITE			0x40000000
#define GENERIC_EXECUTE			0x20000000
#define GENERIC_ALL			0x10000000

#define THREAD_TERMINATE		0x0001
#define THREAD_SUSPEND_RESUME		0x0002
#define THREAD_ALERT			0x0004
#define THREAD_GET_CONTEXT		0x0008
#define THREAD_SET_CONTEXT		0x0010
#define THREAD_SET_INFORMATION		0x0020
#define THREAD_QUERY_INFORMATION	0x0040
#define THREAD_SET_THREAD_TOKEN		0x0080
#define THREAD_IMPERSONATE		0x0100
#define THREAD_DIRECT_IMPERSONATION	0x0200
#define THREAD_SET_LIMITED_INFORMATION	0x0400
#define THREAD_QUERY_LIMITED_INFORMATION 0x0800
#define THREAD_RESUME			0x1000
#define THREAD_ALL_ACCESS \
	(STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xffff)

#define PROCESS_TERMINATE		0x0001
#define PROCESS_CREATE_THREAD		0x0002
#define PROCESS_VM_OPERATION		0x0008
#define PROCESS_VM_READ			0x0010
#define PROCESS_VM_WRITE		0x0020
#define PROCESS_DUP_HANDLE		0x0040
#define PROCESS_CREATE_PROCESS		0x0080
#define PROCESS_SET_QUOTA		0x0100
#define PROCESS_SET_INFORMATION		0x0200
#define PROCESS_QUERY_INFORMATION	0x0400
#define PROCESS_SUSPEND_RESUME		0x0800
#define PROCESS_QUERY_LIMITED_INFORMATION 0x1000
#define PROCESS_ALL_ACCESS \
	(STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0xffff)

#define EVENT_QUERY_STATE		0x0001
#define EVENT_MODIFY_STATE		0x0002
#define EVENT_ALL_ACCESS \
	(STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)

#define SEMAPHORE_QUERY_STATE		0x0001
#define SEMAPHORE_MODIFY_STATE		0x0002
#define SEMAPHORE_ALL_ACCESS \
	(STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)

#define MUTANT_QUERY_STATE		0x0001
#define MUTANT_ALL_ACCESS \
	(STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | MUTANT_QUERY_STATE)
#define MUTEX_MODIFY_STATE		MUTANT_QUERY_STATE
#define MUTEX_ALL_ACCESS		MUTANT_ALL_ACCESS

#define TIMER_QUERY_STATE		0x0001
#define TIMER_MODIFY_STATE		0x0002
#define TIMER_ALL_ACCESS \
	(STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x3)

/* Of any other descriptor's handle. */
#define FILE_READ_DATA			0x0001
#define FILE_WRITE_DATA			0x0002
#define FILE_APPEND_DATA		0x0004
#define FILE_READ_EA			0x0008
#define FILE_WRITE_EA			0x0010
#define FILE_EXECUTE			0x0020
#define FILE_READ_ATTRIBUTES		0x0080
#define FILE_WRITE_ATTRIBUTES		0x0100
#define FILE_ALL_ACCESS \
	(STANDARD_RIGHTS_REQUIRED | SYNCHRONIZE | 0x1ff)
#define FILE_GENERIC_READ \
	(STANDARD_RIGHTS_READ | FILE_READ_DATA | FILE_READ_ATTRIBUTES | \
	 FILE_READ_EA | SYNCHRONIZE)
#define FILE_GENERIC_WRITE \
	(STANDARD_RIGHTS_WRITE | FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES | \
	 FILE_WRITE_EA | FILE_APPEND_DATA | SYNCHRONIZE)
#define FILE_GENERIC_EXECUTE \
	(STANDARD_RIGHTS_EXECUTE | FILE_READ_ATTRIBUTES | FILE_EXECUTE | \
	 SYNCHRONIZE)

#define MAXIMUM_WAIT_OBJECTS		64

/* What memory is mapped, and how it may be used. */
#define PAGE_NOACCESS			0x01
#define PAGE_READONLY			0x02
#define PAGE_READWRITE			0x04
#define PAGE_WRITECOPY			0x08
#define PAGE_EXECUTE			0x10
#define PAGE_EXECUTE_READ		0x20
#define PAGE_EXECUTE_READWRITE		0x40
#define PAGE_EXECUTE_WRITECOPY		0x80
#define PAGE_GUARD			0x100
#define PAGE_NOCACHE			0x200
#define PAGE_WRITECOMBINE		0x400

#define MEM_COMMIT			0x00001000
#define MEM_RESERVE			0x00002000
#define MEM_FREE			0x00010000
#define MEM_PRIVATE			0x00020000
#define MEM_MAPPED			0x00040000
#define MEM_IMAGE			0x01000000

#define DUPLICATE_CLOSE_SOURCE		0x00000001
#define DUPLICATE_SAME_ACCESS		0x00000002

/*
 * What is mapped from a page on: the pages up to BaseAddress + RegionSize are alike.
 *
 * Of a mapping AllocationBase is the beginning; mprotect(2) of a part of it makes that
 * a mapping by itself, which in Windows it isn't. AllocationProtect is the most that
 * can be had of it: what it was made with isn't kept. Memory that can't be accessed is
 * committed, none is just reserved. Private mappings of files are MEM_MAPPED as shared
 * ones, with PAGE_WRITECOPY or PAGE_EXECUTE_WRITECOPY where they can be written to, and
 * so are shared anonymous ones; nothing is MEM_IMAGE. Memory that can be written to
 * can be read.
 */
typedef struct _MEMORY_BASIC_INFORMATION {
	PVOID BaseAddress;		/* of the page that was asked for */
	PVOID AllocationBase;		/* NULL if free */
	DWORD AllocationProtect;	/* 0 if free */
	WORD PartitionId;		/* 0 */
	SIZE_T RegionSize;		/* in bytes */
	DWORD State;			/* MEM_COMMIT or MEM_FREE */
	DWORD Protect;			/* PAGE_NOACCESS if free */
	DWORD Type;			/* MEM_PRIVATE, MEM_MAPPED; 0 if free */
} MEMORY_BASIC_INFORMATION, *PMEMORY_BASIC_INFORMATION;

/*
 * The registers of a thread: those parts of them that ContextFlags names. An APC's
 * APC_CALLBACK_DATA has CONTEXT_CONTROL and CONTEXT_INTEGER.
 */
typedef struct __attribute__((aligned(16))) _M128A {
	ULONGLONG Low;
	LONGLONG High;
} M128A, *PM128A;

typedef struct __attribute__((aligned(16))) _XSAVE_FORMAT {
	WORD ControlWord;
	WORD StatusWord;
	BYTE TagWord;
	BYTE Reserved1;
	WORD ErrorOpcode;
	DWORD ErrorOffset;
	WORD ErrorSelector;
	WORD Reserved2;
	DWORD DataOffset;
	WORD DataSelector;
	WORD Reserved3;
	DWORD MxCsr;
	DWORD MxCsr_Mask;
	M128A FloatRegisters[8];
	M128A XmmRegisters[16];
	BYTE Reserved4[96];
} XSAVE_FORMAT, *PXSAVE_FORMAT, XMM_SAVE_AREA32, *PXMM_SAVE_AREA32;

typedef struct __attribute__((aligned(16))) _CONTEXT {
	DWORD64 P1Home, P2Home, P3Home, P4Home, P5Home, P6Home;
	DWORD ContextFlags;
	DWORD MxCsr;
	WORD SegCs, SegDs, SegEs, SegFs, SegGs, SegSs;
	DWORD EFlags;
	DWORD64 Dr0, Dr1, Dr2, Dr3, Dr6, Dr7;
	DWORD64 Rax, Rcx, Rdx, Rbx, Rsp, Rbp, Rsi, Rdi;
	DWORD64 R8, R9, R10, R11, R12, R13, R14, R15;
	DWORD64 Rip;
	union {
		__extension__ struct {
			M128A Header[2];
			M128A Legacy[8];
			M128A Xmm0, Xmm1, Xmm2, Xmm3, Xmm4, Xmm5, Xmm6, Xmm7;
			M128A Xmm8, Xmm9, Xmm10, Xmm11, Xmm12, Xmm13, Xmm14;
			M128A Xmm15;
		};
		XMM_SAVE_AREA32 FltSave;
		XMM_SAVE_AREA32 FloatSave;
	};
	M128A VectorRegister[26];
	DWORD64 VectorControl;
	DWORD64 DebugControl;
	DWORD64 LastBranchToRip, LastBranchFromRip;
	DWORD64 LastExceptionToRip, LastExceptionFromRip;
} CONTEXT, *PCONTEXT;

#define CONTEXT_AMD64			0x00100000
/* SegCs, SegSs, EFlags, Rsp, Rip */
#define CONTEXT_CONTROL			(CONTEXT_AMD64 | 0x1)
/* Rax, Rcx, Rdx, Rbx, Rbp, Rsi, Rdi, R8 to R15 */
#define CONTEXT_INTEGER			(CONTEXT_AMD64 | 0x2)
/* SegDs, SegEs, SegFs, SegGs: to be had, not to be set */
#define CONTEXT_SEGMENTS		(CONTEXT_AMD64 | 0x4)
/* FltSave, MxCsr */
#define CONTEXT_FLOATING_POINT		(CONTEXT_AMD64 | 0x8)
/* Dr0 to Dr7: always 0 */
#define CONTEXT_DEBUG_REGISTERS		(CONTEXT_AMD64 | 0x10)
#define CONTEXT_FULL \
	(CONTEXT_CONTROL | CONTEXT_INTEGER | CONTEXT_FLOATING_POINT)
#define CONTEXT_ALL \
	(CONTEXT_FULL | CONTEXT_SEGMENTS | CONTEXT_DEBUG_REGISTERS)

/*
 * What a routine's first argument points to if it was queued with
 * QUEUE_USER_APC_CALLBACK_DATA_CONTEXT.
 */
typedef struct _APC_CALLBACK_DATA {
	ULONG_PTR Parameter;
	PCONTEXT ContextRecord;
	ULONG_PTR Reserved0;
	ULONG_PTR Reserved1;
} APC_CALLBACK_DATA, *PAPC_CALLBACK_DATA;

typedef enum _QUEUE_USER_APC_FLAGS {
	QUEUE_USER_APC_FLAGS_NONE = 0x00000000,
	QUEUE_USER_APC_FLAGS_SPECIAL_USER_APC = 0x00000001,
	QUEUE_USER_APC_CALLBACK_DATA_CONTEXT = 0x00010000,
} QUEUE_USER_APC_FLAGS;

#ifdef __cplusplus
}
#endif

#endif /* NTAPC_TYPES_H */
