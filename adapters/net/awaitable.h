// What session coroutines are made of. Includes Asio: only session code includes this.
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/basic_stream_socket.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace telepost::adapters::net {

// A loop runs on one thread, so its plain executor is a strand; naming its type spares the erased one's virtual calls.
using Executor = boost::asio::io_context::executor_type;
template <typename T = void>
using Awaitable = boost::asio::awaitable<T, Executor>;
inline constexpr boost::asio::use_awaitable_t<Executor> kUseAwaitable{};
// TCP and Unix sockets alike.
using Socket = boost::asio::basic_stream_socket<boost::asio::generic::stream_protocol, Executor>;

}  // namespace telepost::adapters::net
