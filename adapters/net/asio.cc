// The one place where Asio's functions are compiled (BOOST_ASIO_SEPARATE_COMPILATION): every other file that includes
// Asio only declares them, which halves the time it takes to build.
#include <boost/asio/impl/src.hpp>
#include <boost/asio/ssl/impl/src.hpp>
