#include "cli/load_message.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace telepost::cli {
namespace {

constexpr std::size_t kLineBytes = 78;  // 76 and CRLF, the longest line of base64 (RFC 2045 section 6.8)
constexpr std::size_t kMultipartFrom = 16u << 10;  // a larger message carries its random half as an attachment
constexpr std::string_view kEnd = "\r\n.\r\n";

constexpr std::string_view kWords[] = {
    "the",     "of",     "and",      "to",      "a",        "in",      "is",       "that",   "for",    "it",
    "was",     "on",     "with",     "as",      "be",       "at",      "by",       "this",   "have",   "from",
    "meeting", "report", "customer", "invoice", "tomorrow", "please",  "attached", "number", "office", "project",
    "review",  "agreed", "schedule", "contract", "travel",  "morning", "question", "answer", "team",   "regards"};

std::string text_lines(std::size_t size_bytes, std::mt19937_64& random) {
  std::string out;
  out.reserve(size_bytes + kLineBytes);
  while (out.size() < size_bytes) {
    std::string line;
    while (line.size() < kLineBytes - 2) {
      // The smaller of two draws: words are as unevenly frequent as in a language.
      std::uint64_t draw = random();
      line.append(kWords[std::min(draw % std::size(kWords), (draw >> 32) % std::size(kWords))]).push_back(' ');
    }
    line.resize(kLineBytes - 2);
    out.append(line).append("\r\n");
  }
  return out;
}

std::string random_lines(std::size_t size_bytes, std::mt19937_64& random) {
  static constexpr std::string_view kAlphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve(size_bytes + kLineBytes);
  while (out.size() < size_bytes) {
    std::uint64_t bits = 0;
    for (std::size_t i = 0; i < kLineBytes - 2; ++i) {
      if (i % 10 == 0) bits = random();
      out.push_back(kAlphabet[bits & 63]);
      bits >>= 6;
    }
    out.append("\r\n");
  }
  return out;
}

iovec piece(std::string_view bytes) {
  return {const_cast<char*>(bytes.data()), bytes.size()};  // writev(2) only reads it
}

std::size_t whole_lines(std::size_t size_bytes) { return std::max<std::size_t>(1, size_bytes / kLineBytes); }

}  // namespace

MessagePool::MessagePool(const MessageShape& shape, std::string domain, std::uint64_t seed)
    : shape_(shape), domain_(std::move(domain)), random_(seed), run_(random_()) {
  shape_.size_bytes = std::max(shape_.size_bytes, kSmallestMessage);
  text_ = text_lines(shape_.pool_bytes / 8 + shape_.size_bytes, random_);
  noise_ = random_lines(shape_.pool_bytes + shape_.size_bytes, random_);
  if (shape_.attachment_bytes > 0) {
    std::mt19937_64 fixed(1);  // the same attachment in every run
    attachment_ = random_lines(shape_.attachment_bytes, fixed);
  }
}

std::string_view MessagePool::slice(const std::string& pool, std::size_t size_bytes) {
  std::size_t lines = whole_lines(size_bytes);
  std::size_t last_start = pool.size() / kLineBytes - lines;
  return std::string_view(pool).substr(random_() % (last_start + 1) * kLineBytes, lines * kLineBytes);
}

void MessagePool::compose(LoadMessage& message, std::string_view from, std::string_view to) {
  std::string unique = fmt::format("{:016x}.{:x}", run_, ++next_);
  message.pieces.clear();
  message.head = fmt::format(
      "From: Load Generator <{}>\r\nTo: <{}>\r\nSubject: load {}\r\nMessage-ID: <{}@{}>\r\n"
      "Date: Thu, 01 Jan 2026 00:00:00 +0000\r\nMIME-Version: 1.0\r\n",
      from, to, unique, unique, domain_);
  if (attachment_.empty() && shape_.size_bytes < kMultipartFrom) {
    compose_plain(message, unique);
  } else {
    compose_multipart(message, unique);
  }
  message.size_bytes = 0;
  for (const iovec& part : message.pieces) message.size_bytes += part.iov_len;
  message.size_bytes -= kEnd.size() - 2;
}

void MessagePool::compose_plain(LoadMessage& message, std::string_view unique) {
  message.head.append("Content-Type: text/plain; charset=us-ascii\r\n\r\n").append(unique).append("\r\n");
  std::size_t rest = shape_.size_bytes - std::min(shape_.size_bytes, message.head.size());
  message.tail.assign(unique).append(kEnd);
  message.pieces = {piece(message.head), piece(slice(text_, rest / 2)), piece(slice(noise_, rest / 2)),
                    piece(message.tail)};
}

void MessagePool::compose_multipart(LoadMessage& message, std::string_view unique) {
  std::string boundary = fmt::format("=_{}", unique);
  message.head += fmt::format(
      "Content-Type: multipart/mixed; boundary=\"{}\"\r\n\r\n--{}\r\n"
      "Content-Type: text/plain; charset=us-ascii\r\n\r\n{}\r\n",
      boundary, boundary, unique);
  message.middle = fmt::format(
      "--{}\r\nContent-Type: application/octet-stream\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment; filename=load.bin\r\n\r\n",
      boundary);
  message.tail = fmt::format("--{}--{}", boundary, kEnd);
  std::size_t half = shape_.size_bytes / 2;
  std::string_view noise = attachment_.empty() ? slice(noise_, half) : std::string_view(attachment_);
  message.pieces = {piece(message.head), piece(slice(text_, attachment_.empty() ? half : shape_.size_bytes)),
                    piece(message.middle), piece(noise), piece(message.tail)};
}

}  // namespace telepost::cli
