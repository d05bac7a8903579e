// What stands before the part of a message that arrived. Inside the store only.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "schema/message.h"
#include "store/message_writer.h"

namespace telepost::store {

// Into a document that tells of the part that arrived alone, but for its sizes.
void put_trace_block_first(std::string_view trace_block, schema::Document& document);

// More of it, for one more copy of a stored message.
void extend_trace_block(std::string_view fields, schema::Document& document, Content& content);

// So many of a message's first bytes; fewer where some of them are not inline, which no trace block of ours is.
std::string front_of(const Content& content, std::uint64_t bytes);

// What says that a message went through the mailbox of an address, scheme-qualified or not, on its way on (RFC 9228).
std::string delivered_to(std::string_view address);

// Of our trace block what other servers are to see: no Return-Path before final delivery (RFC 5321 section 4.4), and no verdict of ours
// that a reader elsewhere could take for its own server's (RFC 8601 section 5).
std::string leaving_header(std::string_view trace_block);

}  // namespace telepost::store
