// Blobs made, read and looked up by method calls (RFC 9404).
#pragma once

#include "adapters/jmap/call.h"

namespace telepost::adapters::jmap {

inline constexpr std::size_t kMaxDataSources = 64;  // of one blob: what the RFC wants at least

Method upload_blobs, get_blobs, lookup_blobs;

}  // namespace telepost::adapters::jmap
