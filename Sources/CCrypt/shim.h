/* Passwords (scrypt, RFC 7914) by libxcrypt. */
#ifndef HOOKUP_CCRYPT_SHIM_H
#define HOOKUP_CCRYPT_SHIM_H

#include <crypt.h>

#endif
