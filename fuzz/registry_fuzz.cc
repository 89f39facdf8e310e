// links: profile
//
// Windows registration files, UTF-16 and UTF-8.
#include "codec_fuzz.h"
SALLYPORT_FUZZ_CODEC(format::kRegistry)
