// go.go -- a goroutine per client; the runtime moves them over a few threads.
//
//	goroutine   accept ── accept ── accept ──▶
//	              │         │         │
//	goroutine     ▼         ▼         ▼
//	per client   echo      echo      echo      parked by the runtime's poller, not by the kernel
//
// Cost: a goroutine's stack and a buffer per client.
//
// Build: go build -o {program} {file}
// Start: {program} 0
package main

import (
	"bytes"
	"flag"
	"fmt"
	"net"
	"os"
	"os/signal"
	"regexp"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"
)

const (
	bufferB = 16 * 1024
	retry   = 100 * time.Millisecond // When files ran out: ten tries a second.
)

// A line that costs, up to what ends its number; common/costs.h tells what counts.
var (
	cost      = regexp.MustCompile(`(?m)^!(spin|sleep) 0*(1000000|[0-9]{1,6})[ \t\r\n]`)
	maybeCost = regexp.MustCompile(`^(!?|![a-z]{1,5}|!(spin|sleep) [0-9]{0,20})$`)
)

func main() {
	host := flag.String("host", "127.0.0.1", "address to listen on")
	costs := flag.Bool("costs", false, "pay for lines \"!spin N\" and \"!sleep N\"")
	port, options := "0", os.Args[1:]
	if len(options) > 0 && !strings.HasPrefix(options[0], "-") {
		port, options = options[0], options[1:]
	}
	flag.CommandLine.Parse(options) // Ends the program if it does not know an option.
	listener, err := net.Listen("tcp", net.JoinHostPort(*host, port))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	fmt.Printf("ready port=%d\n", listener.Addr().(*net.TCPAddr).Port)
	go serve(listener, *costs)
	<-stop
}

func serve(listener net.Listener, costs bool) {
	var first sync.Once
	for {
		connection, err := listener.Accept()
		if err != nil {
			first.Do(func() {
				fmt.Fprintf(os.Stderr, "go: %v: new clients wait until something frees\n", err)
			})
			time.Sleep(retry)
			continue
		}
		go echo(connection, costs)
	}
}

// Not io.Copy: it moves the bytes with splice(2), through a pipe that it holds for as long as the
// client lives, which makes three files of one.
func echo(connection net.Conn, costs bool) {
	defer connection.Close()
	var line []byte // What came of a line that may yet turn out to cost.
	buffer := make([]byte, bufferB)
	for {
		size, err := connection.Read(buffer)
		if err != nil {
			return
		}
		if costs {
			line = pay(append(line, buffer[:size]...))
		}
		if _, err := connection.Write(buffer[:size]); err != nil {
			return
		}
	}
}

// Pays for the lines in text; returns the last one if it is not clear yet whether it costs.
func pay(text []byte) []byte {
	for _, found := range cost.FindAllSubmatch(text, -1) {
		us, _ := strconv.Atoi(string(found[2]))
		if string(found[1]) == "spin" {
			spin(time.Duration(us) * time.Microsecond)
		} else {
			time.Sleep(time.Duration(us) * time.Microsecond)
		}
	}
	last := text[bytes.LastIndexByte(text, '\n')+1:]
	if maybeCost.Match(last) {
		return last
	}
	return []byte{'-'}
}

func spin(duration time.Duration) {
	runtime.LockOSThread() // So that the thread's CPU time is ours.
	defer runtime.UnlockOSThread()
	for end := threadTime() + duration; threadTime() < end; {
	}
}

func threadTime() time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_THREAD, &usage); err != nil {
		panic(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
