#include "proto/err.h"

const char *ld_err_text(enum ld_err err)
{
	switch (err) {
#define LD_ERR_CASE(name, value, text)                                                             \
	case name:                                                                                 \
		return text;
		LD_ERR_LIST(LD_ERR_CASE)
#undef LD_ERR_CASE
	}
	return "an unknown error";
}
