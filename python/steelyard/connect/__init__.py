"""What the stages share to reach the outside: chain client, ABIs, the plan codec. Takes no decisions."""
