#!/usr/bin/env node
/** The command line. */
console.log("millrace");
