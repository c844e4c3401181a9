/* Deflate (RFC 1951) for permessage-deflate. */
#ifndef HOOKUP_CZLIB_SHIM_H
#define HOOKUP_CZLIB_SHIM_H

#include <zlib.h>

/* deflateInit2 and inflateInit2 are macros with a version and a size in them, which Swift does not see. Negative window
   bits: raw deflate data, without zlib's header and checksum (RFC 7692 §7.2.1). */
static inline int hk_deflate_init(z_stream *stream, int level, int window_bits, int memory_level) {
  return deflateInit2(stream, level, Z_DEFLATED, -window_bits, memory_level, Z_DEFAULT_STRATEGY);
}

static inline int hk_inflate_init(z_stream *stream, int window_bits) {
  return inflateInit2(stream, -window_bits);
}

#endif
