"""What changes the chain: simulate, sign, journal, send, and find out what became of it.

Start reading at ``submitter``; everything here blocks and belongs to the one thread that talks to the chain.
"""
